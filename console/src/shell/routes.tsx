import { createRootRoute, createRoute, createRouter, Link, redirect } from '@tanstack/react-router'
import { Maximize } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { BedPage } from '../beds/bed-page.tsx'
import { type FeedSearch, FeedsPage, feedTabs } from '../desks/feeds/feeds-page.tsx'
import { CriticalCareWall } from '../walls/critical-care/critical-care-wall.tsx'
import { FailedPart } from './failed-part.tsx'
import { HelpPage } from './help-page.tsx'
import { NotFound } from './not-found.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute({
  notFoundComponent: () => (
    <Shell>
      <NotFound />
    </Shell>
  ),
})

/** Which bed is open over the wall, in its address. */
const bedSearch = (search: Record<string, unknown>): { bed?: string } =>
  typeof search.bed === 'string' ? { bed: search.bed } : {}

/** Walls: no shell, the whole screen. */
const criticalCareWall = createRoute({
  getParentRoute: () => root,
  path: '/walls/critical-care',
  validateSearch: bedSearch,
  component: () => (
    <main className="wall-stage">
      <CriticalCareWall />
    </main>
  ),
})

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })
const desks = [
  createRoute({
    getParentRoute: () => shell,
    path: '/',
    beforeLoad: () => {
      throw redirect({ to: '/critical-care', replace: true })
    },
  }),
  createRoute({ getParentRoute: () => shell, path: '/critical-care', validateSearch: bedSearch, component: EmbeddedWall }),
  createRoute({
    getParentRoute: () => shell,
    path: '/feeds',
    component: FeedsPage,
    validateSearch: (search: Record<string, unknown>): FeedSearch => {
      const tab = feedTabs.find((each) => each === search.tab)
      return { ...(tab && { tab }), ...(typeof search.open === 'string' && { open: search.open }) }
    },
  }),
  createRoute({ getParentRoute: () => shell, path: '/beds/$id', component: BedPage }),
  createRoute({ getParentRoute: () => shell, path: '/help', component: HelpPage }),
] as const

export const router = createRouter({
  routeTree: root.addChildren([criticalCareWall, shell.addChildren([...desks])]),
  defaultErrorComponent: FailedPart,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

/** The same wall at a desk. */
function EmbeddedWall() {
  const { t } = useTranslation()
  return (
    <div className="embedded-wall">
      <CriticalCareWall />
      <p className="flex justify-end py-2">
        <Link to="/walls/critical-care" className="flex min-h-8 items-center gap-2 text-muted underline hover:text-ink">
          <Maximize aria-hidden="true" className="size-4" /> {t('nav.wall')}
        </Link>
      </p>
    </div>
  )
}
