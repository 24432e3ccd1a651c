import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { useTranslation } from 'react-i18next'

/**
 * A modal dialog: the browser's own, which keeps the focus inside, closes by Escape and gives the focus back. The control marked
 * `data-first-focus` has the focus first.
 */
export function Dialog({
  title,
  onClose,
  wide = false,
  place = 'middle',
  children,
}: {
  title: string
  onClose: () => void
  wide?: boolean
  place?: 'middle' | 'top'
  children: ReactNode
}) {
  const { t } = useTranslation()
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const element = dialog.current
    if (element && !element.open) element.showModal()
    // The browser gives the focus to the first control, which is the one that closes.
    element?.querySelector<HTMLElement>('[data-first-focus]')?.focus()
    return () => element?.close()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it; the click is on the backdrop
    <dialog
      ref={dialog}
      className="desk-dialog"
      data-wide={wide}
      data-place={place}
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div className="desk-dialog-inside">
        <header className="mb-6 flex items-start justify-between gap-4">
          <h1 id={heading} className="text-xl font-semibold">
            {title}
          </h1>
          <button type="button" className="icon-button" onClick={onClose} aria-label={t('app.close')}>
            <X aria-hidden="true" className="size-5" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
