import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './messages/i18n.ts'
import { router } from './shell/routes.tsx'
import './theme/tokens.css'
import './theme/desk.css'

const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, gcTime: 60_000 } } })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
