import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from '../../live/hub.ts'
import { hubApi } from '../../live/hub-api.ts'
import { Button } from '../../parts/button.tsx'
import { instantText } from '../../time/site-time.ts'
import { bytesOf, bytesText, type Of, rawText } from './feed-text.ts'

/** What is kept of a refused message (`RefusalRecord.raw`). */
const KEPT_BYTES = 65_536

/**
 * One refused message beside its list: why, what was answered, the bytes, and what can be done about it. Props: `again`, the refusals
 * that came of sending it in again; `onShow` opens one of them.
 */
export function RefusalPanel({
  refusal,
  again,
  onShow,
  onClose,
}: {
  refusal: Of<'refusal'>
  again: readonly Of<'refusal'>[]
  onShow: (refusal: Of<'refusal'>) => void
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { site } = useConnection()
  const panel = useRef<HTMLElement>(null)
  // On a narrow page it stands above the list: what was opened must be seen.
  useEffect(() => {
    panel.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  const facts: [string, string | undefined][] = [
    [t('feeds.state'), t(`feeds.stateName.${refusal.state}`)],
    [t('feeds.answered'), refusal.answered ?? t('feeds.nothing')],
    [t('feeds.received'), instantText(refusal.asOf, site?.timeZone)],
    [t('feeds.sender'), refusal.sender],
    [t('feeds.messageType'), refusal.messageType],
    [t('feeds.messageId'), refusal.messageId],
    [t('feeds.gateway'), refusal.gateway],
    [t('feeds.door'), refusal.door],
    [t('feeds.peer'), refusal.peer],
    [t('feeds.bytes'), bytesText(refusal.bytes)],
  ]
  return (
    <aside
      aria-labelledby="refusal-title"
      ref={panel}
      className="space-y-4 border-t border-line pt-6 max-lg:order-first lg:sticky lg:top-4 lg:max-h-[calc(100dvh-2rem)] lg:overflow-y-auto lg:border-t-0 lg:border-l lg:py-1 lg:pl-6"
      data-refusal={refusal.deadLetter}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose()
      }}
    >
      <header className="flex items-start justify-between gap-4">
        <h2 id="refusal-title" className="text-lg font-semibold">
          {refusal.code}
        </h2>
        <button type="button" className="icon-button" onClick={onClose} aria-label={t('app.close')}>
          <X aria-hidden="true" className="size-5" />
        </button>
      </header>
      <p>{refusal.says}</p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        {facts.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name} className="contents">
                <dt className="text-muted">{name}</dt>
                <dd className="break-words">{value || '—'}</dd>
              </div>
            ),
        )}
      </dl>
      <Actions refusal={refusal} again={again} onShow={onShow} />
      <Raw refusal={refusal} />
    </aside>
  )
}

/** The question has the focus as soon as it is asked, at the answer that does nothing. */
const takesFocus = (button: HTMLButtonElement | null) => button?.focus()

function Actions({
  refusal,
  again,
  onShow,
}: {
  refusal: Of<'refusal'>
  again: readonly Of<'refusal'>[]
  onShow: (refusal: Of<'refusal'>) => void
}) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const queries = useQueryClient()
  const act = useMutation({
    mutationFn: async (verb: 'redrive' | 'discard') => {
      await hubApi[verb](refusal.deadLetter)
    },
    onSettled: () => {
      setAsking(false)
      void queries.invalidateQueries({ queryKey: ['letter', refusal.deadLetter] })
    },
  })
  const open = refusal.state === 'waiting' || refusal.state === 'redriven'
  return (
    <div className="space-y-2">
      {asking ? (
        <fieldset
          className="flex flex-wrap items-center gap-3"
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.stopPropagation()
            setAsking(false)
          }}
        >
          <legend className="mb-2">{t('feeds.discardAsk')}</legend>
          <Button kind="main" onClick={() => act.mutate('discard')} disabled={act.isPending}>
            {t('feeds.discardYes')}
          </Button>
          <Button ref={takesFocus} onClick={() => setAsking(false)}>
            {t('feeds.cancel')}
          </Button>
        </fieldset>
      ) : (
        <div className="flex gap-3">
          <Button kind="main" onClick={() => act.mutate('redrive')} disabled={!open || act.isPending}>
            {t('feeds.redrive')}
          </Button>
          <Button onClick={() => setAsking(true)} disabled={!open || act.isPending}>
            {t('feeds.discard')}
          </Button>
        </div>
      )}
      <p role="status" className="min-h-5 text-muted">
        {act.isPending && t('feeds.working')}
        {act.isSuccess && t(act.variables === 'redrive' ? 'feeds.redriveDone' : 'feeds.discardDone')}
        {act.isError && t('feeds.failed', { why: act.error.message })}
      </p>
      <Outcome refusal={refusal} again={again} onShow={onShow} />
    </div>
  )
}

/** What became of it after it was sent in again. */
function Outcome({
  refusal,
  again,
  onShow,
}: {
  refusal: Of<'refusal'>
  again: readonly Of<'refusal'>[]
  onShow: (refusal: Of<'refusal'>) => void
}) {
  const { t } = useTranslation()
  const latest = again.toSorted((a, b) => b.asOf - a.asOf)[0]
  if (latest)
    return (
      <p data-outcome="refused">
        {t('feeds.refusedAgain', { code: latest.code })}{' '}
        <button type="button" className="underline" onClick={() => onShow(latest)}>
          {t('feeds.refusedAgainShow')}
        </button>
      </p>
    )
  if (refusal.state === 'resolved') return <p data-outcome="taken">{t('feeds.takenIn')}</p>
  return refusal.state === 'redriven' ? <p data-outcome="sent">{t('feeds.notRefusedSince')}</p> : null
}

function Raw({ refusal }: { refusal: Of<'refusal'> }) {
  const { t } = useTranslation()
  const letter = useQuery({
    queryKey: ['letter', refusal.deadLetter],
    queryFn: () => hubApi.letter(refusal.deadLetter),
    retry: 1,
  })
  return (
    <section aria-labelledby="refusal-raw" className="space-y-2">
      <div className="flex items-baseline justify-between gap-4">
        <h3 id="refusal-raw" className="font-semibold">
          {t('feeds.raw')}
        </h3>
        <a className="underline" href={`/dead-letters/${encodeURIComponent(refusal.deadLetter)}/raw`} download>
          {t('feeds.download')}
        </a>
      </div>
      {letter.isPending && <p className="text-muted">{t('feeds.rawLoading')}</p>}
      {letter.isError && (
        <p role="alert">
          {t('feeds.rawFailed', { why: letter.error.message })}{' '}
          <Button onClick={() => void letter.refetch()}>{t('app.retry')}</Button>
        </p>
      )}
      {letter.data && (
        <pre className="max-h-96 overflow-auto rounded-one border border-line bg-ground p-3 font-mono text-[13px] whitespace-pre-wrap break-all">
          {rawText(bytesOf(letter.data.raw))}
        </pre>
      )}
      {refusal.bytes > KEPT_BYTES && <p className="text-muted">{t('feeds.cut', { size: bytesText(refusal.bytes) })}</p>}
    </section>
  )
}
