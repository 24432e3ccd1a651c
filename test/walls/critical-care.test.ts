/// <reference lib="dom" />
/** The Critical care wall in a real browser: live within a second, honest when its monitor or the hub is gone, whole again by itself. */

import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aBrowser, aScreen, pictures } from '../house/a-browser.ts'
import { aHouse, type House, has } from '../house/a-house.ts'
import { aMonitor } from '../house/a-monitor.ts'

describe.skipIf(!has('chromium'))('the Critical care wall', () => {
  let house: House
  let browser: Browser
  beforeAll(async () => {
    house = await aHouse()
    browser = await aBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await house?.close()
  })

  test('shows a value within a second, dims when its monitor goes quiet, says so when the hub dies, and recovers without a reload', async () => {
    const monitor = await aMonitor({
      port: house.mllpPort,
      device: '0012210000BB9001',
      bed: 'ICU9^R901^B1',
      patient: 'P-9001',
      name: 'Okafor^Ada',
    })
    await monitor.admit()
    await monitor.says({ hr: 71, spo2: 97 })
    const screen = await aScreen(browser, `${house.url}/walls/critical-care`)
    const { page } = screen
    const hr = page.locator('[data-bed^="ICU9"] [data-slot="hr"]').first()
    await hr.waitFor({ timeout: 10_000 })
    // A mark on the page itself: a reload would lose it.
    await page.evaluate(() => {
      ;(globalThis as unknown as { mark: string }).mark = 'same page'
    })

    const sent = performance.now()
    await monitor.says({ hr: 133, spo2: 91 })
    await expect.poll(() => hr.textContent(), { interval: 20, timeout: 3000 }).toContain('133')
    expect(performance.now() - sent).toBeLessThan(1000)
    expect(await hr.getAttribute('data-signal')).toBe('live')

    // Quiet: 10 s live, then delayed, after 30 s stale (domain scenario 12).
    await expect.poll(() => hr.getAttribute('data-signal'), { interval: 200, timeout: 20_000 }).toBe('delayed')
    await expect.poll(() => hr.getAttribute('data-signal'), { interval: 200, timeout: 30_000 }).toBe('stale')
    await monitor.says({ hr: 88, spo2: 96 })
    await expect.poll(() => hr.getAttribute('data-signal'), { interval: 50, timeout: 3000 }).toBe('live')

    // The hub dies. Its supervisor is held back by killing it again and again for six seconds.
    screen.expectLostHub()
    const wall = page.locator('[data-connection]').first()
    const died = performance.now()
    house.kill('hub')
    const holding = setInterval(() => {
      try {
        house.kill('hub')
      } catch {
        // it is already gone
      }
    }, 50)
    await expect.poll(() => wall.getAttribute('data-connection'), { interval: 50, timeout: 8000 }).toBe('stale')
    expect(performance.now() - died).toBeLessThan(5000)
    await page.screenshot({ path: join(pictures, 'critical-care-hub-lost.png') })
    clearInterval(holding)

    await house.well(30_000)
    await monitor.says({ hr: 90, spo2: 95 })
    await expect.poll(() => wall.getAttribute('data-connection'), { interval: 100, timeout: 15_000 }).toBe('live')
    await expect.poll(() => hr.textContent(), { interval: 100, timeout: 10_000 }).toContain('90')
    expect(await page.evaluate(() => (globalThis as unknown as { mark?: string }).mark)).toBe('same page')
    expect(screen.complaints()).toEqual([])
    await screen.close()
    monitor.close()
  })

  test('a device alarm is on the wall with its priority in colour, shape and word, and ends there', async () => {
    const monitor = await aMonitor({
      port: house.mllpPort,
      device: '0012210000BB9002',
      bed: 'ICU9^R902^B1',
      patient: 'P-9002',
      name: 'Lindqvist^Per',
    })
    await monitor.admit()
    await monitor.says({ hr: 40 })
    const screen = await aScreen(browser, `${house.url}/walls/critical-care`)
    const tile = screen.page.locator('[data-bed^="ICU9^R902"]').first()
    await tile.waitFor()
    await monitor.alarms({ id: 'A-1', phase: 'start', state: 'active', priority: 'high', text: 'Brady' })
    await expect.poll(() => tile.textContent(), { timeout: 2000, interval: 20 }).toMatch(/HIGH[\s\S]*Brady|Brady[\s\S]*HIGH/)
    const accessible = await new AxeBuilder({ page: screen.page }).analyze()
    expect(
      accessible.violations
        .filter((each) => each.impact === 'serious' || each.impact === 'critical')
        .map((each) => `${each.id}: ${each.nodes[0]?.html}`),
    ).toEqual([])
    await monitor.alarms({ id: 'A-1', phase: 'end', state: 'inactive', priority: 'high', text: 'Brady' })
    await expect.poll(() => tile.textContent(), { timeout: 2000, interval: 20 }).not.toContain('Brady')
    expect(screen.complaints()).toEqual([])
    await screen.close()
    monitor.close()
  })

  test('every kind of alarm and of bed stands in its place: nothing cut but long alarm texts, nothing over another, 7:1 in contrast', async () => {
    const at = (place: string, device: string) =>
      aMonitor({
        port: house.mllpPort,
        device: `0012210000BB${device}`,
        bed: `ICU8^R${place}^B1`,
        patient: `P-8${place}`,
        name: 'Okonkwo^Maud',
      })
    const [high, latched, medium, probe, nobody] = await Promise.all([
      at('801', '8001'),
      at('802', '8002'),
      at('803', '8003'),
      at('804', '8004'),
      aMonitor({ port: house.mllpPort, device: '0012210000BB8005' }),
    ])
    const all = [high, latched, medium, probe, nobody]
    for (const monitor of all.slice(0, 4)) await monitor.admit()
    for (const monitor of all) await monitor.says({ hr: 118, spo2: 100, rr: 28, temp: 38.4 })
    await probe.says({ hr: 118, spo2: null })
    const brady = {
      id: 'A',
      phase: 'start',
      state: 'active',
      priority: 'high',
      text: 'Heart rate far below what this line has room for',
    } as const
    await high.alarms(brady)
    await high.alarms({ ...brady, id: 'B', priority: 'medium', text: 'Respiratory rate high' })
    await latched.alarms({ ...brady, text: 'Asystole' })
    await latched.alarms({ ...brady, text: 'Asystole', phase: 'update', state: 'latched' })
    await medium.alarms({ ...brady, priority: 'medium', text: 'Respiratory rate high' })

    for (const language of ['en', 'de']) {
      const screen = await aScreen(browser, `${house.url}/walls/critical-care?lang=${language}`)
      const { page } = screen
      await page.locator('[data-bed^="ICU8^R801"] .alarm-line').waitFor({ timeout: 10_000 })
      await page.locator('[data-bed^="ICU8^R804"] [data-slot="spo2"][data-signal="absent"]').waitFor({ timeout: 5000 })
      // A probe that is off is not a place that nothing measures.
      expect(await page.locator('[data-bed^="ICU8^R804"] [data-slot="spo2"]').textContent()).toMatch(/no value|kein Wert/)
      const wrong = await page.evaluate(() => {
        const found: string[] = []
        const over = (a: DOMRect, b: DOMRect) =>
          a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1
        const visible = (list: Iterable<Element>) => [...list].filter((each) => each.getBoundingClientRect().width > 2)
        for (const tile of document.querySelectorAll('[data-bed]')) {
          const name = tile.querySelector('.tile-open')!
          if (name.scrollWidth > name.clientWidth + 1) found.push(`cut: ${name.textContent}`)
          const groups = [
            visible(tile.querySelectorAll('.tile-head > *')),
            visible(tile.querySelectorAll('.vital-head > *, .vital-body > *')),
          ]
          for (const group of groups)
            for (const [i, one] of group.entries())
              for (const other of group.slice(i + 1))
                if (over(one.getBoundingClientRect(), other.getBoundingClientRect()))
                  found.push(`over another: ${one.textContent} and ${other.textContent}`)
          const inside = tile.getBoundingClientRect()
          for (const each of groups.flat())
            if (each.getBoundingClientRect().right > inside.right + 1) found.push(`outside: ${each.textContent}`)
        }
        const head = visible(document.querySelectorAll('.wall-top > *'))
        for (const [i, one] of head.entries())
          for (const other of head.slice(i + 1))
            if (over(one.getBoundingClientRect(), other.getBoundingClientRect())) found.push(`head: ${one.textContent}`)
        return found
      })
      expect(wrong).toEqual([])
      const contrast = await new AxeBuilder({ page }).withRules(['color-contrast-enhanced']).analyze()
      expect(contrast.violations.flatMap((each) => each.nodes.map((node) => node.html))).toEqual([])
      await page.screenshot({ path: join(pictures, `critical-care-alarms-${language}.png`) })

      // Motion reduced: alarms change by border, not by flash.
      await page.emulateMedia({ reducedMotion: 'reduce' })
      const still = await page.locator('[data-bed^="ICU8^R801"]').evaluate((tile) => ({
        flash: getComputedStyle(tile.querySelector('.alarm-line')!).animationName,
        border: Math.round(Number.parseFloat(getComputedStyle(tile).borderTopWidth)),
      }))
      expect(still).toEqual({ flash: 'none', border: 6 })
      expect(screen.complaints()).toEqual([])
      await screen.close()
    }
    for (const monitor of all) monitor.close()
  })

  test('a tile is opened and closed by keyboard, and what opens is accessible', async () => {
    const screen = await aScreen(browser, `${house.url}/critical-care`, { width: 1440, height: 900 })
    const { page } = screen
    const tile = page.locator('[data-bed] .tile-open').first()
    await tile.waitFor({ timeout: 10_000 })
    await tile.focus()
    await page.keyboard.press('Enter')
    const dialog = page.locator('dialog[open]')
    await dialog.getByRole('heading', { name: 'Values' }).waitFor()
    const accessible = await new AxeBuilder({ page }).include('dialog').analyze()
    expect(
      accessible.violations
        .filter((each) => each.impact === 'serious' || each.impact === 'critical')
        .map((each) => `${each.id}: ${each.nodes[0]?.html}`),
    ).toEqual([])
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog.count()).toBe(0)
    await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toContain('tile-open')
    expect(screen.complaints()).toEqual([])
    await screen.close()
  })

  for (const size of [
    { width: 1920, height: 1080 },
    { width: 3840, height: 2160 },
  ])
    test(`fills ${size.width}×${size.height} without scrolling, nothing to read under 28 px at 1080p`, async () => {
      const screen = await aScreen(browser, `${house.url}/walls/critical-care`, size)
      await screen.page.locator('[data-bed]').first().waitFor()
      const measured = await screen.page.evaluate(() => {
        const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement
        const small: string[] = []
        for (const element of document.querySelectorAll('[data-bed] *')) {
          const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
          const box = element.getBoundingClientRect()
          if (
            text &&
            box.width > 1 &&
            box.height > 1 &&
            Number.parseFloat(getComputedStyle(element).fontSize) < 28 * (innerHeight / 1080) - 0.5
          )
            small.push(`${element.textContent} ${getComputedStyle(element).fontSize}`)
        }
        return { scrolls: scrollWidth > clientWidth || scrollHeight > clientHeight, small: small.slice(0, 5) }
      })
      expect(measured).toEqual({ scrolls: false, small: [] })
      await screen.page.screenshot({ path: join(pictures, `critical-care-${size.height}.png`) })
      expect(screen.complaints()).toEqual([])
      await screen.close()
    })
})
