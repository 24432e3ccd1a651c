/** Headless Chromium (Debian's) on a wall. Everything the page complains about is kept, and a test that ends with complaints fails. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { checkout } from '../../deploy/local/supervisor.ts'
import { engines } from './a-house.ts'

export const pictures = join(checkout, 'test', '.out', 'pictures')

export async function aBrowser(): Promise<Browser> {
  mkdirSync(pictures, { recursive: true })
  return chromium.launch({
    executablePath: engines.chromium,
    args: [
      '--no-sandbox',
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Screen {
  page: Page
  /** Console errors, exceptions and failed requests, less those that a test said it would cause. */
  complaints(): string[]
  /** From now on a lost hub is expected: the browser reports refused connections by itself. */
  expectLostHub(): void
  close(): Promise<void>
}

export async function aScreen(
  browser: Browser,
  url: string,
  size: { width: number; height: number } = { width: 1920, height: 1080 },
): Promise<Screen> {
  const context = await browser.newContext({ viewport: size, locale: 'en-GB', reducedMotion: 'no-preference' })
  const page = await context.newPage()
  const heard: string[] = []
  let lostHub = false
  const hear = (what: string) => {
    if (lostHub && /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection|503/.test(what)) return
    heard.push(what)
  }
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') hear(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => hear(`exception: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin) && !/^(data|blob):/.test(request.url()))
      hear(`went outside: ${request.url()}`)
  })
  await page.goto(url)
  return {
    page,
    complaints: () => heard,
    expectLostHub: () => {
      lostHub = true
    },
    close: () => context.close(),
  }
}
