/** The feeds page in a real browser: what was refused and why, sent in again or put away, by mouse and by keyboard. */
import { readFileSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { writePcd01 } from '@wardline/devices/hl7/pcd01-write.ts'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aBrowser, aScreen, type Screen } from '../house/a-browser.ts'
import { aHouse, type House, has } from '../house/a-house.ts'
import { aMonitor, type Monitor } from '../house/a-monitor.ts'

const order = (id: string) =>
  `MSH|^~\\&|ORDERS|LAB|||20260115101530+0100||ORM^O01^ORM_O01|${id}|P|2.5\rPID|1||P-7001^^^HOSP^MR\rORC|NW|1\r`
const garbled = 'this is not HL7 at all\r'

describe.skipIf(!has('chromium'))('the feeds page', () => {
  let house: House
  let browser: Browser
  let monitor: Monitor
  beforeAll(async () => {
    house = await aHouse()
    browser = await aBrowser()
    monitor = await aMonitor({
      port: house.mllpPort,
      device: '0012210000BB7001',
      bed: 'ICU7^R701^B1',
      patient: 'P-7001',
      name: 'Marsh^Iris',
    })
    await monitor.admit()
    await monitor.says({ hr: 71 })
    await monitor.sends(order('ORD-1'))
    await monitor.sends(order('ORD-2'))
    await monitor.sends(garbled)
  })
  afterAll(async () => {
    monitor?.close()
    await browser?.close()
    await house?.close()
  })

  const rows = ({ page }: Screen) => page.locator('.desk-table tbody tr')
  /** Serious and critical findings of axe, in words. */
  const findings = async ({ page }: Screen) =>
    (await new AxeBuilder({ page }).analyze()).violations
      .filter((each) => each.impact === 'serious' || each.impact === 'critical')
      .map((each) => `${each.id}: ${each.nodes[0]?.html}`)
  const refusals = async () => {
    const screen = await aScreen(browser, `${house.url}/feeds?tab=refusals`)
    await expect.poll(() => rows(screen).count(), { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
    return screen
  }

  test('every tab shows what it is about, in the light and the dark theme, without a serious finding of axe', async () => {
    const screen = await aScreen(browser, `${house.url}/feeds`)
    const { page } = screen
    const gateway = page.locator('[data-gateway="gw1"]')
    await expect.poll(() => gateway.getAttribute('data-state'), { timeout: 10_000 }).toBe('online')
    await expect
      .poll(() => gateway.locator('[data-stream="refusals"] td').first().textContent(), { timeout: 10_000 })
      .toMatch(/^[3-9]$/)
    expect(await findings(screen)).toEqual([])

    // The tabs by keyboard, as a tab list is worked.
    await page.getByRole('tab', { name: /Gateways/ }).focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => new URL(page.url()).searchParams.get('tab')).toBe('devices')
    await expect.poll(() => rows(screen).first().textContent()).toContain('ICU7 R701-B1')
    expect(await rows(screen).first().textContent()).toContain('Nordlys BM-8')
    expect(await findings(screen)).toEqual([])
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => rows(screen).first().textContent()).toMatch(/ORDERS|TEST|not HL7/)
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => rows(screen).count()).toBeGreaterThanOrEqual(3)
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await findings(screen)).toEqual([])

    // Back works.
    await page.goBack()
    await expect.poll(() => new URL(page.url()).searchParams.get('tab')).toBe('senders')
    expect(screen.complaints()).toEqual([])
    await screen.close()
  })

  test('a list is sorted, filtered, given other columns and saved as CSV', async () => {
    const screen = await refusals()
    const { page } = screen
    const head = page.getByRole('columnheader', { name: 'Reason' })
    await head.getByRole('button').click()
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('ascending')
    const codes = () => page.locator('.desk-table tbody tr td:nth-child(2)').allTextContents()
    expect(await codes()).toEqual([...(await codes())].sort())
    await head.getByRole('button').click()
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('descending')
    expect(await codes()).toEqual([...(await codes())].sort().reverse())

    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Message' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('columnheader', { name: 'Message' }).waitFor()

    await page.getByLabel('Filter').fill('ORD-2')
    await expect.poll(() => rows(screen).count()).toBe(1)
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()])
    expect(saved.suggestedFilename()).toBe('refusals.csv')
    const lines = readFileSync(await saved.path(), 'utf8')
      .replace('\uFEFF', '')
      .trim()
      .split('\r\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('Reason')
    expect(lines[1]).toContain('UNSUPPORTED_MESSAGE')
    expect(lines[1]).toContain('ORD-2')

    await page.getByLabel('Filter').fill('no such thing')
    await page.getByText('No row matches the filter.').waitFor()
    expect(screen.complaints()).toEqual([])
    await screen.close()
  })

  test('by keyboard alone: a refusal is found, read, sent in again, refused again, and put away', async () => {
    const screen = await refusals()
    const { page } = screen
    await page.getByLabel('Filter').focus()
    await page.keyboard.type('ORD-1')
    await expect.poll(() => rows(screen).count()).toBe(1)
    await page.getByLabel('Filter').fill('')
    await expect.poll(() => rows(screen).count()).toBeGreaterThanOrEqual(3)
    await rows(screen).first().focus()
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowUp')
    const row = page.locator('.desk-table tbody tr:focus')
    expect(await row.textContent()).toContain('UNSUPPORTED_MESSAGE')
    await page.keyboard.press('Enter')
    const panel = page.locator('[data-refusal]')
    await panel.getByText('ORM^O01^ORM_O01', { exact: false }).waitFor()
    // The list stays in view, and the row keeps the focus.
    expect(await row.getAttribute('aria-current')).toBe('true')
    expect(await findings(screen)).toEqual([])

    // Escape closes it, Enter opens it again; then Tab leads into the panel.
    await page.keyboard.press('Escape')
    await expect.poll(() => panel.count()).toBe(0)
    await page.keyboard.press('Enter')
    await panel.waitFor()
    const again = panel.getByRole('button', { name: 'Send in again' })
    for (let presses = 0; presses < 5 && !(await again.evaluate((it) => it === it.ownerDocument.activeElement)); presses++)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await panel.getByText('It was refused again: UNSUPPORTED_MESSAGE.').waitFor({ timeout: 10_000 })

    await panel.getByRole('button', { name: 'Discard' }).focus()
    await page.keyboard.press('Enter')
    // Asked once, in plain words, with the focus at the answer that does nothing.
    await expect
      .poll(() => panel.getByRole('button', { name: 'Keep it' }).evaluate((it) => it === it.ownerDocument.activeElement))
      .toBe(true)
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await expect.poll(() => row.count().then(() => panel.locator('dd').first().textContent())).toBe('discarded')
    expect(await again.isDisabled()).toBe(true)
    expect(screen.complaints()).toEqual([])
    await screen.close()
  })

  test('what is sent in again and taken is in the record, and the page says that it was not refused again', async () => {
    // One message number for two messages: the second is answered as a repeat and kept as a dead letter.
    const message = (hr: number, at: number) =>
      writePcd01({
        id: 'TWICE-1',
        sentAt: at,
        sender: { name: 'TEST', eui: '0012210000BB7001' },
        device: '0012210000BB7001',
        patient: { id: 'P-7001', authority: 'HOSP', type: 'MR' },
        location: { pointOfCare: 'ICU7', room: 'R701', bed: 'B1' },
        at,
        observations: [{ code: 147842, path: '1.2.1.1', value: hr }],
      })
    const at = Date.now()
    await monitor.sends(message(72, at - 2000))
    await monitor.sends(message(187, at - 1000))
    const has187 = async () =>
      ((await (await fetch(`${house.url}/fhir/Observation?code=8867-4&_count=50`)).text()).match(/"value": ?187\b/g) ?? []).length
    expect(await has187()).toBe(0)

    const screen = await refusals()
    const { page } = screen
    await page.getByLabel('Filter').fill('TWICE-1')
    await expect.poll(() => rows(screen).count(), { timeout: 10_000 }).toBe(1)
    await rows(screen).first().click()
    const panel = page.locator('[data-refusal]')
    await panel.getByText('|187|', { exact: false }).waitFor()
    await panel.getByRole('button', { name: 'Send in again' }).click()
    await panel.locator('[data-outcome="sent"]').waitFor({ timeout: 10_000 })
    await expect.poll(() => panel.locator('dd').first().textContent()).toBe('sent again')
    await expect.poll(has187, { timeout: 10_000, interval: 200 }).toBe(1)
    expect(await panel.locator('[data-outcome="refused"]').count()).toBe(0)
    expect(screen.complaints()).toEqual([])
    await screen.close()
  })

  test('an address that leads nowhere keeps the shell around it', async () => {
    const screen = await aScreen(browser, `${house.url}/no/such/page`)
    await screen.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await expect.poll(() => screen.page.locator('header').first().textContent()).toContain('Wardline General')
    await screen.page.getByRole('link', { name: 'Feeds' }).click()
    await screen.page.getByRole('heading', { name: 'Feeds' }).waitFor()
    await screen.close()
  })
})
