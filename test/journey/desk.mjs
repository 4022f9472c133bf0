// What a trader does and sees on the screens, in his words. Selectors are test ids only (web/TESTIDS.md).
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { shots, until } from './harness.mjs'

/** 1,234.56 or −12.30 or ₹… as a number; NaN for a dash. */
export function number(text) {
  return Number(text.replaceAll(/[₹,\s+]/g, '').replace('−', '-'))
}

export class Desk {
  constructor(page) {
    this.page = page
  }

  at(id) {
    return this.page.getByTestId(id)
  }

  row(id, label) {
    return this.page.locator(`[data-testid="${id}"][data-label="${label}"]`)
  }

  async createOwner(url, username, password) {
    await this.page.goto(url)
    await this.at('setup-form').waitFor()
    await this.at('username').fill(username)
    await this.at('password').fill(password)
    await this.at('entry-submit').click()
    await this.at('terminal').waitFor()
  }

  /** Finds an instrument as a trader does: Ctrl-K, words, Enter on the first. */
  async search(words, label) {
    await this.page.keyboard.press('Control+k')
    const palette = this.at('palette')
    await palette.getByTestId('search').fill(words)
    const first = palette.getByTestId('search-row').first()
    await first.waitFor()
    await until(`first hit for ${words}`, async () => (await first.getAttribute('data-label')) === label)
    await this.page.keyboard.press('Enter')
    await until('the instrument is chosen', async () => (await this.at('quote-head').locator('h1').innerText()) === label)
  }

  async lastPrice() {
    return number(await this.at('quote-ltp').first().innerText())
  }

  /** Waits until the price on screen has changed. */
  async priceMoves(limitMs = 20_000) {
    const before = await until('a price shows', async () => (await this.lastPrice()) || undefined)
    return until('the price moves', async () => {
      const now = await this.lastPrice()
      return now > 0 && now !== before && now
    }, limitMs)
  }

  /** Sends an order of the chosen instrument and returns when the window has closed. */
  async send({ side, product, qty, price }) {
    await this.at(`chart-${side}`).click()
    await this.at('ticket').waitFor()
    await this.at(`ticket-product-${product}`).check()
    await this.at('ticket-qty').fill(String(qty))
    if (price === undefined) {
      await this.at('ticket-market').click()
    } else {
      await this.at('ticket-limit').click()
      await this.at('ticket-price').fill(price)
    }
  }

  async submit() {
    await this.at('ticket-submit').click()
    await this.at('ticket').waitFor({ state: 'detached' })
  }

  async tab(name) {
    await this.at(`tab-${name}`).click()
  }

  /** Asks our own API from inside the page, with its cookie. */
  api(path) {
    return this.page.evaluate(async (p) => {
      const response = await fetch(p)
      if (!response.ok) throw new Error(`${p}: ${response.status} ${await response.text()}`)
      return response.json()
    }, path)
  }

  async lamp() {
    return this.at('lamp').first().getAttribute('data-lamp')
  }

  async lampIs(colour, limitMs) {
    await until(`the lamp is ${colour}`, async () => (await this.lamp()) === colour, limitMs)
  }

  /** A picture for a person to look at. */
  async shot(name) {
    await this.page.screenshot({ path: join(shots, `${name}.png`) })
  }

  /** The profit on screen follows from quantity, average and last price of the same row. */
  async positionAddsUp(label) {
    const row = this.row('position-row', label)
    await until(`P&L of ${label} follows from its row`, async () => {
      const [qty, avg, last, pnl] = await row.evaluate((tr) =>
        ['qty', 'avg', 'ltp', 'pnl'].map((c) => tr.querySelector(`[data-testid="position-${c}"]`)?.textContent ?? ''),
      ).then((texts) => texts.map(number))
      return Math.abs(qty * (last - avg) - pnl) < 0.02
    })
  }
}

export { assert }
