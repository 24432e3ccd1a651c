import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../parts/button.tsx'

/** How long a part of the screen that failed stays down, s. A wall has nobody to press a button. */
const AGAIN_S = 10

/** Shown instead of a page that threw. It starts the page again by itself. */
export function FailedPart({ error, reset }: { error: unknown; reset: () => void }) {
  const { t } = useTranslation()
  const [left, setLeft] = useState(AGAIN_S)
  useEffect(() => {
    const timer = setInterval(() => setLeft((seconds) => seconds - 1), 1000)
    return () => clearInterval(timer)
  }, [])
  useEffect(() => {
    if (left <= 0) reset()
  }, [left, reset])
  return (
    <div role="alert" className="space-y-3 p-6">
      <h1 className="text-2xl font-semibold">{t('error.title')}</h1>
      <p>{t('error.text', { seconds: Math.max(0, left) })}</p>
      <p className="text-muted">{error instanceof Error ? error.message : String(error)}</p>
      <Button onClick={reset}>{t('error.again')}</Button>
    </div>
  )
}
