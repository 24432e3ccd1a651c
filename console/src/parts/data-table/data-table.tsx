import {
  columnFilteringFeature,
  columnVisibilityFeature,
  createColumnHelper,
  createFilteredRowModel,
  createSortedRowModel,
  filterFn_includesString,
  globalFilteringFeature,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { ArrowDown, ArrowUp, Columns3, Download } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../button.tsx'
import { csvText } from './csv.ts'

/** A column of a desk's table. Declare columns once: their identity is the table's. */
export interface Column<Row> {
  id: string
  header: string
  /** What is sorted, filtered and exported. */
  value: (row: Row) => string | number | undefined
  /** What is shown, where it is not the value itself. */
  show?: (row: Row) => ReactNode
  /** A number with its unit: set to the right, as bare numbers are. */
  figure?: boolean
  /** Not shown until somebody asks for it. */
  hidden?: boolean
}

interface Shown {
  sorting: { id: string; desc: boolean }[]
  columnVisibility: Record<string, boolean>
}

const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  columnVisibilityFeature,
  rowSortingFeature,
  filteredRowModel: createFilteredRowModel(),
  sortedRowModel: createSortedRowModel(),
  filterFns: { includesString: filterFn_includesString },
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
})

/**
 * A list at a desk: sort, filter, choice of columns (remembered on this machine under `name`), CSV of what is shown, and rows by
 * keyboard (arrows, Home, End; Enter opens). Props: `rows` with a stable `id`, what `empty` says, and what opening a row does.
 */
export function DataTable<Row extends { id: string }>(props: {
  name: string
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  empty: string
  sort: { id: string; desc: boolean }
  onOpen?: (row: Row) => void
  /** Escape in a row closes what is open. */
  onClose?: () => void
  opened?: string | undefined
}) {
  const { name, label, columns, rows, empty, sort, onOpen, onClose, opened } = props
  const { t, i18n } = useTranslation()
  const [filter, setFilter] = useState('')
  const [shown, setShown] = useShown(name, {
    sorting: [sort],
    columnVisibility: Object.fromEntries(columns.filter((column) => column.hidden).map((column) => [column.id, false])),
  })
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>()
    return helper.columns(
      columns.map((column) =>
        helper.accessor(column.value, { id: column.id, header: column.header, sortFn: 'alphanumeric', sortUndefined: 'last' }),
      ),
    )
  }, [columns])
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns])
  const table = useTable({
    features,
    columns: definitions,
    data: rows as Row[],
    getRowId: (row) => row.id,
    enableSortingRemoval: false,
    globalFilterFn: 'includesString',
    getColumnCanGlobalFilter: () => true,
    state: { globalFilter: filter, sorting: shown.sorting, columnVisibility: shown.columnVisibility },
    onSortingChange: (change) =>
      setShown((before) => ({ ...before, sorting: typeof change === 'function' ? change(before.sorting) : change })),
    onColumnVisibilityChange: (change) =>
      setShown((before) => ({
        ...before,
        columnVisibility: typeof change === 'function' ? change(before.columnVisibility) : change,
      })),
    onGlobalFilterChange: () => {},
  })
  const found = table.getRowModel().rows
  // A column of numbers is set to the right, with its head.
  const numeric = useMemo(
    () =>
      new Set(
        columns
          .filter((column) => column.figure || (!column.show && rows[0] && typeof column.value(rows[0]) === 'number'))
          .map((column) => column.id),
      ),
    [columns, rows],
  )
  const body = useRef<HTMLTableSectionElement>(null)
  const [focused, setFocused] = useState<string | undefined>(undefined)
  const stop = found.some((row) => row.id === focused) ? focused : found[0]?.id

  // What was open is closed: the focus goes back to its row, unless it is somewhere by now.
  const before = useRef(opened)
  useEffect(() => {
    const closed = opened === undefined ? before.current : undefined
    before.current = opened
    if (closed === undefined || document.activeElement !== document.body) return
    for (const row of body.current?.children ?? []) if (row instanceof HTMLElement && row.dataset.row === closed) row.focus()
  }, [opened])

  const onKey = (event: KeyboardEvent<HTMLTableRowElement>, row: Row, place: number) => {
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: found.length - 1 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      const next = body.current?.children[Math.max(0, Math.min(found.length - 1, to))]
      if (next instanceof HTMLElement) next.focus()
    } else if (event.key === 'Enter' && event.target === event.currentTarget) onOpen?.(row)
    else if (event.key === 'Escape' && opened !== undefined) onClose?.()
  }
  const save = () => {
    const visible = table.getVisibleLeafColumns()
    const text = csvText(
      visible.map((column) => byId.get(column.id)!.header),
      found.map((row) => visible.map((column) => byId.get(column.id)!.value(row.original))),
    )
    const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
    const link = document.createElement('a')
    link.href = address
    link.download = `${name}.csv`
    link.click()
    setTimeout(() => URL.revokeObjectURL(address), 10_000)
  }

  return (
    <div className="w-fit max-w-full min-w-[min(100%,44rem)] space-y-3">
      <div className="flex flex-wrap items-end gap-3">
        <label className="grid gap-1">
          <span className="text-muted">{t('table.filter')}</span>
          <input
            type="search"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            placeholder={t('table.filterPlaceholder')}
            className="min-h-8 w-64 rounded-one border border-line bg-surface px-2"
          />
        </label>
        <p className="mr-auto pb-1.5 text-muted" aria-live="polite">
          {found.length === rows.length
            ? t('table.rows', { count: rows.length })
            : t('table.of', { shown: found.length, count: rows.length })}
        </p>
        <DropdownMenu.Root modal={false}>
          <DropdownMenu.Trigger asChild>
            <Button>
              <Columns3 aria-hidden="true" className="size-4" /> {t('table.columns')}
            </Button>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content
              align="end"
              sideOffset={4}
              className="z-10 rounded-one border border-line bg-surface p-1 shadow-[var(--shadow)]"
            >
              {table.getAllLeafColumns().map((column) => (
                <DropdownMenu.CheckboxItem
                  key={column.id}
                  checked={column.getIsVisible()}
                  onCheckedChange={(is) => column.toggleVisibility(is)}
                  onSelect={(event) => event.preventDefault()}
                  className="flex min-h-8 cursor-pointer items-center gap-2 rounded-one px-2 outline-none data-highlighted:bg-raised"
                >
                  <span className="w-4" aria-hidden="true">
                    <DropdownMenu.ItemIndicator>✓</DropdownMenu.ItemIndicator>
                  </span>
                  {byId.get(column.id)!.header}
                </DropdownMenu.CheckboxItem>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
        <Button onClick={save} disabled={found.length === 0}>
          <Download aria-hidden="true" className="size-4" /> {t('table.csv')}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls sideways must be reachable by keyboard */}
      <section className="overflow-x-auto" aria-label={label} tabIndex={0}>
        <table className="desk-table" data-rows={found.length}>
          <caption className="sr-only">{label}</caption>
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map((header) => {
                  const sorted = header.column.getIsSorted()
                  return (
                    <th
                      className={numeric.has(header.column.id) ? 'figure' : ''}
                      key={header.id}
                      scope="col"
                      aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : 'none'}
                    >
                      <button
                        type="button"
                        className="inline-flex items-center gap-1 hover:text-ink"
                        onClick={header.column.getToggleSortingHandler()}
                      >
                        {byId.get(header.column.id)!.header}
                        {sorted === 'asc' && <ArrowUp aria-hidden="true" className="size-3.5" />}
                        {sorted === 'desc' && <ArrowDown aria-hidden="true" className="size-3.5" />}
                      </button>
                    </th>
                  )
                })}
              </tr>
            ))}
          </thead>
          <tbody ref={body}>
            {found.map((row, place) => (
              <tr
                key={row.id}
                data-row={row.id}
                data-opened={opened === row.id}
                aria-current={opened === row.id ? 'true' : undefined}
                tabIndex={row.id === stop ? 0 : -1}
                onFocus={() => setFocused(row.id)}
                onKeyDown={(event) => onKey(event, row.original, place)}
                onClick={onOpen && (() => onOpen(row.original))}
                className={`${onOpen ? 'cursor-pointer' : ''} hover:bg-raised focus-visible:bg-raised data-[opened=true]:bg-raised`}
              >
                {row.getVisibleCells().map((cell) => {
                  const column = byId.get(cell.column.id)!
                  const value = column.value(row.original)
                  return (
                    <td key={cell.id} className={numeric.has(column.id) ? 'figure' : ''}>
                      {column.show
                        ? column.show(row.original)
                        : typeof value === 'number'
                          ? value.toLocaleString(i18n.language)
                          : value}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
        {found.length === 0 && <p className="py-8 text-center text-muted">{rows.length === 0 ? empty : t('table.noMatch')}</p>}
      </section>
    </div>
  )
}

/** Sorting and columns as somebody last left them on this machine. */
function useShown(name: string, first: Shown): [Shown, (change: (before: Shown) => Shown) => void] {
  const key = `wardline.table.${name}`
  const [shown, setShown] = useState<Shown>(() => {
    try {
      return { ...first, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Shown>) }
    } catch {
      return first
    }
  })
  useEffect(() => localStorage.setItem(key, JSON.stringify(shown)), [key, shown])
  return [shown, setShown]
}
