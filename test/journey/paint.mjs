// Times first paint for `make bench` (P11). Reads one JSON argument {ours, floor, username, password, pairs, throttles}
// and prints one JSON line: for each throttle the samples of ours and floor in alternation, in milliseconds.
import { chromium } from 'playwright-core'
import { browserPath } from './harness.mjs'

const ask = JSON.parse(process.argv[2])
const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox', '--disable-dev-shm-usage'] })

async function open(throttle) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: throttle })
  await page.addInitScript(() => {
    window.longMs = 0
    new PerformanceObserver((list) => { for (const e of list.getEntries()) window.longMs += e.duration - 50 }).observe({ type: 'longtask', buffered: true })
    const look = () => {
      const price = document.querySelector('[data-testid="quote-ltp"], [data-testid="watch-ltp"]')?.textContent ?? ''
      if (/\d/.test(price)) window.tickAt = performance.now()
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  return { context, page }
}

async function paint(url, throttle, { cookies = [], waitsForTick = false } = {}) {
  const { context, page } = await open(throttle)
  if (cookies.length > 0) await context.addCookies(cookies)
  await page.goto(url, { waitUntil: 'load' })
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0, undefined, { timeout: 20_000 })
  if (waitsForTick) await page.waitForFunction(() => window.tickAt !== undefined, undefined, { timeout: 30_000 })
  const out = await page.evaluate(() => ({ fcp: performance.getEntriesByName('first-contentful-paint')[0].startTime, tick: window.tickAt ?? 0, long: window.longMs }))
  await context.close()
  return out
}

/** The owner is made beforehand; this signs in and keeps the cookie. */
async function signIn() {
  const context = await browser.newContext()
  const response = await context.request.post(`${ask.ours}/api/login`, { data: { username: ask.username, password: ask.password }, headers: { origin: ask.ours } })
  if (!response.ok()) throw new Error(`sign in: ${response.status()} ${await response.text()}`)
  const { cookies } = await context.storageState()
  await context.close()
  return cookies
}

const cookies = await signIn()
const result = {}
for (const throttle of ask.throttles) {
  await paint(ask.ours, throttle)
  await paint(ask.floor, throttle)
  const samples = { ours: [], floor: [], terminal: [] }
  for (let i = 0; i < ask.pairs; i++) {
    samples.ours.push(await paint(ask.ours, throttle))
    samples.floor.push(await paint(ask.floor, throttle))
    samples.terminal.push(await paint(ask.ours, throttle, { cookies, waitsForTick: true }))
  }
  result[throttle] = samples
}
console.log(JSON.stringify(result))
await browser.close()
