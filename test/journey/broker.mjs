// What a user does with the setup guide in hand: Settings, the broker's own login page in a popup, and what he reads there.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { Desk } from './desk.mjs'
import { until } from './harness.mjs'

export const FIELDS = ['api_key', 'secret_key', 'login_id', 'password', 'totp_secret']

/** What an authenticator shows for a Base32 secret, `ahead` half minutes from now (RFC 6238, SHA-1, six digits). */
export function codeOf(secret, ahead = 0) {
  const bits = Array.from(secret, (c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => Number.parseInt(b, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead))
  const mac = createHmac('sha1', key).update(step).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** The name by which the simulator's control endpoint knows an account. */
export function tagOf(account) {
  return /^DEMO([a-z0-9]+)&%\+/.exec(account.api_key)[1]
}

/** Types user, password and code into the broker's login page as a hand would, and presses its buttons. */
export async function logInByHand(popup, account, { ahead = 0, shot } = {}) {
  await popup.getByLabel('User ID').pressSequentially(account.login_id)
  await popup.getByLabel('Password').pressSequentially(account.password)
  await popup.getByLabel('terms and conditions').check()
  if (shot !== undefined) await shot('popup-login')
  await popup.getByRole('button', { name: 'Login' }).click()
  await popup.getByLabel('Digit 0').waitFor()
  await popup.keyboard.type(codeOf(account.totp_secret, ahead), { delay: 10 })
  if (shot !== undefined) await shot('popup-code')
  await popup.getByRole('button', { name: 'Submit' }).click()
}

/** A user of PaperPort at Settings → Breeze API Credentials. */
export class BrokerDesk extends Desk {
  constructor(page, world) {
    super(page)
    this.world = world
    /** Every JSON answer and page of ours that this browser got, but the one that is made to show an account. */
    this.heard = []
    this.reading = []
    page.on('response', (response) => {
      if (!response.url().startsWith(world.url) || response.url().endsWith('/api/broker/demo')) return
      this.reading.push(response.text().then((text) => this.heard.push(`${response.url()}\n${text}`), () => undefined))
    })
  }

  async settings(tab = 'broker') {
    await this.at('nav-settings').first().click()
    await this.at(`settings-${tab}`).click()
    if (tab === 'broker') await this.at('broker').waitFor()
  }

  /** POSTs to our own API from inside the page. */
  post(path, body) {
    return this.page.evaluate(async ([p, b]) => {
      const response = await fetch(p, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(b) })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    }, [path, body])
  }

  async account() {
    this.own ??= await this.api('/api/broker/demo')
    return this.own
  }

  /** Types fields and presses Update Credentials; returns what the page says. */
  async update(fields) {
    for (const [field, value] of Object.entries(fields)) await this.at(`cred-${field}`).fill(value)
    return this.pressUpdate()
  }

  async pressUpdate() {
    const answered = this.page.waitForResponse((r) => r.url().endsWith('/api/broker/credentials') && r.request().method() === 'POST')
    await this.at('cred-update').click()
    await answered
    await this.at('cred-message').waitFor()
    return this.at('cred-message').innerText()
  }

  /** Saves what earlier tests have typed already, without the page. */
  async connectKeys(fields) {
    const account = await this.account()
    const answer = await this.post('/api/broker/credentials', Object.fromEntries(fields.map((f) => [f, account[f]])))
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
  }

  /** Presses the green button. With `confirm` the question how many are left is answered with yes. Returns the sentence. */
  async generate({ confirm = false } = {}) {
    await this.at('auto-generate').click()
    if (confirm) await this.at('confirm-submission-yes').click()
    const said = this.at('auto-message').or(this.at('auto-error').locator('.what'))
    // An earlier answer goes away with the press.
    await until('the button is itself again', async () => (await this.at('auto-generate').innerText()) === 'Auto Generate Session', 60_000)
    await said.waitFor()
    return (await said.innerText()).trim()
  }

  row(id, label) {
    return label === undefined ? this.at(`status-${id}`) : super.row(id, label)
  }

  /** One of the four rows of Step 5 as it reads, the mark first. */
  async status(id) {
    return (await this.row(id).innerText()).replaceAll(/\s+/g, ' ').trim()
  }

  async statusIs(id, pattern, limitMs) {
    await until(`status ${id} reads ${pattern}`, async () => {
      const text = await this.status(id)
      if (!pattern.test(text)) throw new Error(text)
      return true
    }, limitMs)
  }

  /** Presses Generate Session Popup and returns the window. */
  async openPopup() {
    const opened = this.page.waitForEvent('popup')
    await this.at('popup-open').click()
    const popup = await opened
    await popup.getByLabel('User ID').waitFor()
    return popup
  }

  /** What this account's login pages and REST saw, as the broker counts it. */
  async counts() {
    const all = await this.world.counts()
    return all[tagOf(await this.account())] ?? { passwords: 0, codes: 0, logins: 0, requests: 0 }
  }

  async control(path, body) {
    await this.world.control(path, { tag: tagOf(await this.account()), ...body })
  }

  /** No secret of the account is in the page or in anything our server said. */
  async isClean(account, extra = []) {
    await Promise.all(this.reading)
    const page = await this.page.evaluate(() => document.documentElement.outerHTML + Array.from(document.querySelectorAll('input'), (i) => i.value).join('\n'))
    const everything = [page, ...this.heard].join('\n')
    for (const secret of [...FIELDS.map((f) => account[f]), ...extra]) {
      assert.ok(!everything.includes(secret) && !everything.includes(JSON.stringify(secret).slice(1, -1)), 'a secret came back to the browser')
    }
  }
}
