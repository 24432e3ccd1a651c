import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { BedDetail } from '../../beds/bed-detail.tsx'
import { useViewItem } from '../../live/hub.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { ConnectionBanner } from '../../shell/connection-banner.tsx'

/** A wall is nobody's desk: what somebody opened there closes by itself [DEF], ms after the last touch. */
const UNTOUCHED_MS = 120_000

/** A bed opened over the wall it is on. */
export function BedDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation()
  const bed = useViewItem('critical-care', id)
  useEffect(() => {
    let timer = setTimeout(onClose, UNTOUCHED_MS)
    const touched = () => {
      clearTimeout(timer)
      timer = setTimeout(onClose, UNTOUCHED_MS)
    }
    const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const
    for (const sign of signs) addEventListener(sign, touched, { passive: true })
    return () => {
      clearTimeout(timer)
      for (const sign of signs) removeEventListener(sign, touched)
    }
  }, [onClose])
  const title = bed ? t(bed.assigned ? 'bed.label' : 'bed.device', { label: bed.label }) : t('bed.notFound', { id })
  return (
    <Dialog title={title} onClose={onClose} wide>
      <div className="-mx-6 mb-4">
        <ConnectionBanner />
      </div>
      {bed ? <BedDetail bed={bed} /> : <p className="text-muted">{t('bed.notFoundText')}</p>}
    </Dialog>
  )
}
