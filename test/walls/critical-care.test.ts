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
