import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where the hub listens while the console is being worked on (`vite`); the built console is served by the hub itself. */
const hub = process.env.HUB_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwind()],
  // Nothing is inlined as data: or a script, so that the hub's content security policy needs no exception.
  build: {
    outDir: 'dist',
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/socket.io': { target: hub, ws: true },
      ...Object.fromEntries(
        ['/openapi.json', '/docs', '/fhir', '/dead-letters', '/trend', '/readings'].map((path) => [path, hub]),
      ),
    },
  },
})
