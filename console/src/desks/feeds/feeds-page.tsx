import { useNavigate, useSearch } from '@tanstack/react-router'
import { Tabs } from 'radix-ui'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { FeedItem } from '../../live/contract.ts'
import { useConnection, useOpenView, useViewOf } from '../../live/hub.ts'
import { DataTable } from '../../parts/data-table/data-table.tsx'
import { feedColumns } from './feed-columns.tsx'
import { ofKind } from './feed-text.ts'
import { GatewaysSection } from './gateways-section.tsx'
import { RefusalPanel } from './refusal-panel.tsx'

export const feedTabs = ['gateways', 'devices', 'senders', 'refusals'] as const
export type FeedTab = (typeof feedTabs)[number]
/** What of this page is in its address, so that it can be linked to. */
export interface FeedSearch {
  tab?: FeedTab
  /** The refusal that is open. */
  open?: string
}

const everything = (items: ReadonlyMap<string, FeedItem>) => ({
  gateways: ofKind(items, 'gateway'),
  devices: ofKind(items, 'device'),
  senders: ofKind(items, 'sender'),
  refusals: ofKind(items, 'refusal'),
})

/** Desk: what every gateway, device and sender says, and what was refused and why. */
export function FeedsPage() {
  useOpenView('feeds')
  const { t } = useTranslation()
  const { phase, site } = useConnection()
  const feeds = useViewOf('feeds', everything)
  const { tab = 'gateways', open } = useSearch({ strict: false }) as FeedSearch
  const navigate = useNavigate()
  const go = (search: FeedSearch) => void navigate({ to: '/feeds', search })
  const columns = useMemo(() => feedColumns(t, site?.timeZone), [t, site?.timeZone])
  const opened = feeds.refusals.find((refusal) => refusal.deadLetter === open)
  return (
    <div className="space-y-6 p-6" data-connection={phase}>
      <header>
        <h1 className="text-2xl font-semibold">{t('feeds.title')}</h1>
        <p className="text-muted">{t('feeds.intro')}</p>
      </header>
      <Tabs.Root value={tab} onValueChange={(next) => go({ tab: next as FeedTab })}>
        <Tabs.List className="flex gap-6 border-b border-line" aria-label={t('feeds.title')}>
          {feedTabs.map((each) => (
            <Tabs.Trigger
              key={each}
              value={each}
              className="-mb-px border-b-2 border-transparent py-2 text-muted data-[state=active]:border-accent data-[state=active]:font-semibold data-[state=active]:text-ink"
            >
              {t(`feeds.${each}`)} <span className="text-muted">{feeds[each].length}</span>
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="gateways" className="pt-6">
          <GatewaysSection gateways={feeds.gateways} />
        </Tabs.Content>
        <Tabs.Content value="devices" className="pt-6">
          <DataTable
            name="devices"
            label={t('feeds.devices')}
            columns={columns.devices}
            rows={feeds.devices}
            empty={t('feeds.emptyDevices')}
            sort={{ id: 'bed', desc: false }}
            onOpen={(row) => void navigate({ to: '/beds/$id', params: { id: row.bed ?? row.id } })}
          />
        </Tabs.Content>
        <Tabs.Content value="senders" className="pt-6">
          <DataTable
            name="senders"
            label={t('feeds.senders')}
            columns={columns.senders}
            rows={feeds.senders}
            empty={t('feeds.emptySenders')}
            sort={{ id: 'refused', desc: true }}
          />
        </Tabs.Content>
        <Tabs.Content value="refusals" className="pt-6">
          <div className={opened ? 'grid items-start gap-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]' : ''}>
            <DataTable
              name="refusals"
              label={t('feeds.refusals')}
              columns={columns.refusals}
              rows={feeds.refusals}
              empty={t('feeds.emptyRefusals')}
              sort={{ id: 'asOf', desc: true }}
              opened={opened?.id}
              onOpen={(row) => go({ tab: 'refusals', open: row.deadLetter })}
              onClose={() => go({ tab: 'refusals' })}
            />
            {opened && (
              <RefusalPanel
                key={opened.id}
                refusal={opened}
                again={feeds.refusals.filter((each) => each.peer === `redrive ${opened.deadLetter}`)}
                onShow={(refusal) => go({ tab: 'refusals', open: refusal.deadLetter })}
                onClose={() => go({ tab: 'refusals' })}
              />
            )}
          </div>
        </Tabs.Content>
      </Tabs.Root>
    </div>
  )
}
