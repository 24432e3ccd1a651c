import { defineConfig } from 'vitest/config'

/**
 * `rooms`: tests beside the code, side by side. `stories`: whole-system tests under `test/`, one after the other, because
 * each brings up a house of its own and the machine has two cores.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'rooms',
          include: ['{devices,edge-gateway,hub,models,simulators,console}/src/**/*.test.{ts,tsx}'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'stories',
          include: ['test/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
    ],
  },
})
