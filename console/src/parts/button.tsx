import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'

const look = cva(
  'inline-flex min-h-8 items-center justify-center gap-2 rounded-one border px-3 font-medium whitespace-nowrap disabled:opacity-50',
  {
    variants: {
      kind: { plain: 'border-line bg-surface hover:bg-raised', main: 'border-accent bg-accent text-accent-ink hover:opacity-90' },
    },
    defaultVariants: { kind: 'plain' },
  },
)

export function Button({ kind, className, ...rest }: ComponentProps<'button'> & VariantProps<typeof look>) {
  return <button type="button" className={`${look({ kind })} ${className ?? ''}`} {...rest} />
}
