// The setup guide, walked in a browser: each test bears the name of a section of docs/setup-guide.md. The app is at http://localhost:…, the
// demo broker at http://127.0.0.1:…: two sites, as PaperPort and ICICI are. Every user is a person of his own, because no account can be
// logged in twice within one half minute.
import test, { after, before, beforeEach, describe } from 'node:test'
import { BrokerDesk, FIELDS, codeOf, logInByHand } from './broker.mjs'
import { assert } from './desk.mjs'
import { World, marketOpens, until } from './harness.mjs'
import { attackers, sessionByHand } from './thirdparty.mjs'

const password = 'the monsoon came early this year'

describe('setup guide', () => {
  const world = new World('guide')
  const desks = []
  let asha, esha, farid
  let isFailed = false

  /** Runs a test and keeps a picture of every screen when it fails. */
  function walk(name, body) {
    test(name, async () => {
      try {
        await body()
        assert.deepEqual(world.problems, [], 'nothing went wrong in the page')
      } catch (error) {
        isFailed = true
        for (const [i, desk] of desks.entries()) await desk.shot(`guide-failed-${i}`).catch(() => undefined)
        throw error
      }
    })
  }

  async function desk(options) {
    const problems = world.problems ?? []
    const d = new BrokerDesk(await world.openBrowser(options), world)
    world.problems = problems
    desks.push(d)
    return d
  }

  /** A new user at Settings → Breeze API Credentials. */
  async function person(name, { byHand = false } = {}) {
    const link = await asha.post('/api/invites', { role: 'trader' })
    assert.equal(link.status, 200, JSON.stringify(link.body))
    const d = await desk()
    if (byHand) {
      await d.page.goto(link.body.url)
      await d.at('invite-form').waitFor()
      await d.at('username').fill(name)
      await d.at('password').fill(password)
      await d.at('entry-submit').click()
      await d.at('terminal').waitFor()
      await d.settings()
      return d
    }
    const accepted = await d.page.request.post(link.body.url.replace('/invite/', '/api/invites/'), { data: { username: name, password } })
    assert.equal(accepted.status(), 201, await accepted.text())
    await d.page.goto(`${world.url}/settings/broker`)
    await d.at('broker').waitFor()
    return d
  }

  before(async () => {
    await marketOpens()
    await world.startSimulator()
    await world.startServer()
    await world.control('redirect', { url: `${world.url}/api/auth/breeze-callback` })
    // A hand may type the codes of coming half minutes, so that nobody has to wait for them.
    await world.control('login', { window: 10 })
    asha = await desk()
    await asha.createOwner(world.url, 'asha', password)
  })

  after(async () => { await world.close(isFailed) })
  beforeEach(() => { world.problems.length = 0 })

  walk('Step 3, first-time setup', async () => {
    await asha.settings()
    await asha.shot('broker-empty-dark')
    assert.match(await asha.at('broker-name').innerText(), /Not connected/)
    await asha.at('settings-guide').click()
    await asha.at('demo-fill').waitFor()
    const guide = await asha.at('guide').innerText()
    assert.ok(guide.includes(`${world.url}/api/auth/breeze-callback`), 'the guide names this installation’s own redirect URL')
    assert.ok(!guide.includes('onrender.com'), 'and no other')
    await asha.shot('guide-dark')
    await asha.at('demo-fill').click()
    await asha.at('broker').waitFor()
    const account = await asha.account()
    for (const field of FIELDS) assert.equal(await asha.at(`cred-${field}`).inputValue(), account[field])
    await asha.shot('broker-filled-dark')

    assert.equal(await asha.pressUpdate(), 'Credentials saved! Auto-login is enabled')
    for (const field of FIELDS) {
      assert.equal(await asha.at(`cred-stored-${field}`).getAttribute('data-stored'), 'true', field)
      assert.equal(await asha.at(`cred-${field}`).inputValue(), '', `${field} does not come back`)
    }
    await asha.page.reload()
    await asha.statusIs('auto', /^✅ Auto-Login Enabled Demo broker/)
    await asha.statusIs('session', /No Session — enter session token below/)
    await asha.isClean(account)
  })

  walk('Step 4, option A: auto generate', async () => {
    assert.equal(await asha.generate(), 'Session generated automatically')
    await asha.statusIs('api', /^✅ API Connected Demo broker/)
    await asha.statusIs('session', /^✅ Session Active Demo broker/)
    await asha.statusIs('auto', /^✅ Auto-Login Enabled Demo broker/)
    const issued = Date.parse((await asha.api('/api/broker')).issued_at)
    await asha.statusIs('expiry', new RegExp(`^⏰ Session Expiry Demo broker · by ${istMinute(issued)} tomorrow`))
    assert.match(await asha.at('session-span').innerText(), new RegExp(`${istMinute(issued)} to .*${istMinute(issued)} IST`))
    assert.equal((await asha.counts()).passwords, 1)
    assert.match(await asha.at('attempt-row').first().innerText(), /Button\s+Browser flow\s+✓/)
    await asha.shot('broker-active-dark')
  })

  walk('Step 5, verify connection', async () => {
    const { venue } = await asha.api('/api/broker')
    assert.match(venue, /^live-demo-/)
    await asha.at('switch-offer').waitFor()
    await asha.shot('switch-offer')
    await asha.at('switch-yes').click()
    await asha.at('nav-terminal').first().click()
    await asha.at('terminal').waitFor()
    assert.match(await asha.at('account-switcher').first().innerText(), /Live/)
    const before = (await asha.counts()).requests
    await asha.search('RELIANCE', 'RELIANCE')
    const price = await asha.priceMoves()
    await asha.lampIs('green')
    await asha.shot('live-terminal')
    await until('the chart’s history was asked for with the user’s own key', async () => (await asha.counts()).requests > before)
    const { instruments } = await asha.api(`/api/instruments?venue=${venue}&q=RELIANCE&limit=1`)
    const { quotes } = await asha.api(`/api/quotes?venue=${venue}&ids=${instruments[0].id}`)
    assert.ok(Math.abs(Number(quotes[0].ltp ?? quotes[0].last) - price) < price / 10, 'the price is the live venue’s')
    const stranger = await desk()
    await stranger.page.goto(world.url)
    await stranger.at('sign-in-form').waitFor()
    await asha.settings()
  })

  walk('Step 3, updating only login credentials', async () => {
    const bala = await person('bala', { byHand: true })
    const account = await bala.account()
    assert.match(await bala.update({ api_key: account.api_key, secret_key: account.secret_key }), /Auto-login still needs Login ID, Password and TOTP Secret/)
    await bala.statusIs('api', /^✅ API Connected/)
    await bala.statusIs('auto', /Auto-Login Off/)
    const keys = await bala.api('/api/broker')
    await needsProof(bala)
    await bala.at('cred-login_id').fill(account.login_id)
    await bala.at('cred-password').fill(account.password)
    await bala.at('cred-totp_secret').fill(account.totp_secret.toLowerCase().replaceAll(/(.{4})/g, '$1 '))
    await bala.at('cred-update').click()
    await bala.at('proof-password').fill(password)
    await bala.shot('proof')
    await bala.at('proof-submit').click()
    await until('the update went through', async () => (await bala.at('cred-message').innerText()) === 'Credentials saved! Auto-login is enabled')
    await bala.statusIs('auto', /^✅ Auto-Login Enabled/)
    const after = await bala.api('/api/broker')
    assert.deepEqual(after.fields.slice(0, 2), keys.fields.slice(0, 2), 'API Key and Secret Key are as they were')

    // The guide's own sample is no secret: it holds a 1.
    await bala.at('cred-totp_secret').fill('GUZ1ASKWSB1M1ZVX3PMSSJHA')
    await bala.at('cred-update').click()
    assert.match(await bala.at('cred-error-totp_secret').innerText(), /“?1”?.*(0, 1, 8 (and|or) 9)/)
    await bala.at('cred-totp_secret').fill('')
    await bala.at('totp-check-code').fill(codeOf(account.totp_secret))
    await bala.at('totp-check').click()
    await until('the stored secret makes the phone’s codes', async () => (await bala.at('totp-result').getAttribute('data-result')) === 'match')
    await bala.isClean(account)
    await bala.page.context().close()
  })

  walk('Step 4, option B: session popup', async () => {
    const chitra = await person('chitra')
    await chitra.connectKeys(['api_key', 'secret_key'])
    await chitra.statusIs('api', /^✅ API Connected/)
    await chitra.page.evaluate(() => { globalThis.wasNeverReloaded = true })
    for (const [generation, finish, ahead] of [[1, 'form', 0], [2, 'script', 1], [2, 'redirect', 2]]) {
      await chitra.control('login', { generation, finish, window: 10 })
      const popup = await chitra.openPopup()
      const closed = popup.waitForEvent('close')
      await logInByHand(popup, await chitra.account(), { ahead, shot: finish === 'redirect' ? undefined : (name) => new BrokerDesk(popup, world).shot(`${name}-${generation}`) })
      await closed
      await until(`generation ${generation}, ${finish}: the page has heard of it`, async () =>
        (await chitra.at('popup-message').innerText()) === 'Session token captured and saved from popup')
      await chitra.statusIs('session', /^✅ Session Active/)
      assert.match(await chitra.at('attempt-row').first().innerText(), /Popup\s+Popup\s+✓/)
    }
    assert.equal((await chitra.api('/api/broker')).attempts.length, 3)
    assert.ok(await chitra.page.evaluate(() => globalThis.wasNeverReloaded), 'Settings updates without a reload')
    await chitra.isClean(await chitra.account())

    // ✅ Session Active ends with Disconnect, and everything stored with it.
    await chitra.at('disconnect').click()
    await chitra.at('disconnect-dialog-yes').click()
    await chitra.statusIs('api', /API Not Connected/)
    for (const field of FIELDS) assert.equal(await chitra.at(`cred-stored-${field}`).getAttribute('data-stored'), 'false', field)
    await chitra.page.context().close()
  })

  walk('Step 4, option C: manual paste', async () => {
    const devi = await person('devi')
    await devi.connectKeys(['api_key', 'secret_key'])
    await devi.statusIs('session', /No Session — enter session token below/)
    await devi.at('session-token').fill('0123456789')
    await devi.at('session-save').click()
    await devi.at('session-message').waitFor()
    const refused = await devi.at('session-message').innerText()
    assert.match(refused, /The token was not saved/)
    assert.doesNotMatch(refused, /Session token saved/)
    assert.equal((await devi.api('/api/broker')).is_active, false)
    await devi.statusIs('session', /No Session — enter session token below/)

    const account = await devi.account()
    const token = await sessionByHand(world, account.api_key, account)
    for (const text of [token, `apisession=${token}`, `${world.url}/api/auth/breeze-callback?apisession=${token}`]) {
      await devi.at('session-token').fill(text)
      await devi.at('session-save').click()
      await until(`${text.replace(token, 'TOKEN')} is taken`, async () => (await devi.at('session-message').innerText()) === 'Session token saved')
      await devi.statusIs('session', /^✅ Session Active/)
      assert.equal(await devi.at('session-token').inputValue(), '')
    }
    await devi.at('test-connection').click()
    await until('Test Connection works', async () => /Connection works: Demo broker/.test(await devi.at('broker-message').innerText()))
    await devi.isClean(account, [token])
    await devi.page.context().close()
  })

  walk('Security: the API answers booleans, dates and sentences only', async () => {
    const broker = await asha.api('/api/broker')
    assert.equal(broker.fields.length, 5)
    for (const field of broker.fields) {
      assert.deepEqual(Object.keys(field).sort(), ['field', 'hint', 'is_stored', 'set_at'])
      assert.equal(field.is_stored, true)
      assert.ok(!Number.isNaN(Date.parse(field.set_at)))
      assert.ok(field.hint.length <= 2, 'at most the last two characters')
    }
    await asha.isClean(await asha.account())
  })

  walk('Troubleshooting: Login ID or Password not provided', async () => {
    esha = await person('esha')
    await esha.connectKeys(['api_key', 'secret_key'])
    await esha.statusIs('api', /^✅ API Connected/)
    assert.match(await esha.generate(), /^Auto session failed\. Browser flow: Login ID or Password not provided/)
    assert.match(await esha.at('auto-next').innerText(), /Update Credentials/)
    assert.deepEqual([(await esha.counts()).passwords, (await esha.counts()).codes], [0, 0], 'nothing was submitted')
    await esha.shot('auto-error')
  })

  walk('Troubleshooting: Popup blocked by browser', async () => {
    await esha.page.evaluate(() => { globalThis.open = () => null })
    await esha.at('popup-open').click()
    await until('the page says so', async () => /^Popup blocked by browser/.test(await esha.at('popup-message').innerText()))
    await esha.page.context().close()
  })

  walk('Troubleshooting: TOTP submitted but no session returned', async () => {
    farid = await person('farid')
    await farid.connectKeys(FIELDS)
    await farid.statusIs('auto', /^✅ Auto-Login Enabled/)
    await farid.control('login', { fault: 'no_session', window: 10 })
    assert.match(await farid.generate(), /^Auto session failed\. Browser flow: TOTP submitted but no session returned/)
    assert.match(await farid.at('auto-next').innerText(), /Check code.*Generate Session Popup/)
    await farid.statusIs('session', /No Session — enter session token below/)

    // "Try the Generate Session Popup fallback."
    await farid.control('login', { fault: '', direct_api: 'no_token', window: 10 })
    const opened = farid.page.waitForEvent('popup')
    await farid.at('auto-error-popup').click()
    const popup = await opened
    const closed = popup.waitForEvent('close')
    await logInByHand(popup, await farid.account(), { ahead: 1 })
    await closed
    await farid.statusIs('session', /^✅ Session Active/)
  })

  walk('Troubleshooting: Direct API: No session token in response', async () => {
    // A page that nobody understands gets nothing, and the second way says what it was answered.
    await farid.control('login', { fault: 'changed_page' })
    const before = await farid.counts()
    assert.match(await farid.generate({ confirm: true }), /^Auto session failed\. Browser flow: .+\. Direct API: No session token in response$/)
    await farid.control('login', { direct_api: 'works' })
    assert.equal(await farid.generate({ confirm: true }), 'Session generated automatically')
    const after = await farid.counts()
    assert.deepEqual([after.passwords, after.codes], [before.passwords, before.codes], 'no password and no code was sent')
    await farid.page.context().close()
  })

  walk('Troubleshooting: a wrong password is sent once, and the account is never locked', async () => {
    const gita = await person('gita')
    const account = await gita.account()
    await gita.connectKeys(FIELDS)
    const wrong = 'not the one I use'
    assert.equal(await gita.update({ password: wrong }), 'Credentials saved! Auto-login is enabled')
    assert.match(await gita.generate(), /^Auto session failed\. Browser flow: .*(Password|password)/)
    assert.equal((await gita.counts()).passwords, 1)
    assert.equal((await gita.api('/api/broker')).phase, 'needs_user')

    await gita.at('auto-generate').click()
    const question = await gita.at('confirm-submission').innerText()
    assert.match(question, /locks an account after 5 wrong/)
    assert.match(question, /at most 3 more/)
    await gita.shot('confirm-submission')
    await gita.at('confirm-submission-no').click()
    assert.equal((await gita.counts()).passwords, 1, 'the question itself sends nothing')

    assert.equal(await gita.update({ password: account.password }), 'Credentials saved! Auto-login is enabled')
    assert.equal(await gita.generate(), 'Session generated automatically')
    assert.equal((await gita.counts()).passwords, 2)
    await gita.isClean(account, [wrong])
    await gita.page.context().close()
  })

  walk('Security: another site can neither plant its session nor press a button', async () => {
    const hema = await person('hema')
    const mallory = await esha.account() // a customer of the broker like any other
    const account = await hema.account()
    await hema.connectKeys(['api_key', 'secret_key'])
    await hema.statusIs('api', /^✅ API Connected/)
    const evil = await attackers(world)
    try {
      const own = await sessionByHand(world, mallory.api_key, mallory)
      const visit = async (path, forms) => {
        const tab = await hema.page.context().newPage()
        await tab.goto(evil.page(path, forms))
        await tab.waitForURL((url) => url.pathname.startsWith('/api/'), { timeout: 10_000 })
        const text = await tab.locator('body').innerText()
        await new BrokerDesk(tab, world).shot(`stranger-${path.split('/').at(-1)}`)
        await tab.close()
        return text
      }
      assert.match(await visit('/api/auth/breeze-callback', { API_Session: own }), /Nothing was saved/)
      assert.equal((await hema.api('/api/broker')).is_active, false)

      let popup = await hema.openPopup()
      assert.doesNotMatch(await visit('/api/auth/breeze-callback', { API_Session: own }), /Session token captured/)
      assert.equal((await hema.api('/api/broker')).is_active, false, 'a session of another key is refused with an open attempt, too')
      await popup.close()

      popup = await hema.openPopup()
      const closed = popup.waitForEvent('close')
      await logInByHand(popup, account)
      await closed
      await hema.statusIs('session', /^✅ Session Active/)
      const before = await hema.api('/api/broker')

      const theirs = await sessionByHand(world, account.api_key, mallory, 1)
      popup = await hema.openPopup()
      assert.doesNotMatch(await visit('/api/auth/breeze-callback', { API_Session: theirs }), /Session token captured/)
      await popup.close()
      const after = await hema.api('/api/broker')
      assert.deepEqual([after.issued_at, after.identity_hint, after.is_active], [before.issued_at, before.identity_hint, true], 'the session is the one before')
      const { notices } = await hema.api('/api/notices')
      assert.ok(notices.some((n) => n.kind === 'identity'), 'and the user is told')

      // A cross-site POST comes without the login's cookie, and is refused before anybody asks for it.
      assert.match(await visit('/api/broker/disconnect', {}), /CROSS_ORIGIN|another site|cross/i)
      assert.equal((await hema.api('/api/broker')).has_keys, true)
      // The page listens to no message of anybody.
      await hema.page.evaluate((id) => { globalThis.postMessage({ attempt: id, status: 'ok' }, '*') }, 'x')
      for (const secret of [own, theirs]) assert.ok(!world.server.text().includes(secret) && !world.sim.text().includes(secret), 'no token in a log')
      await hema.isClean(account, [own, theirs])
    } finally {
      await evil.close()
    }
    await hema.settings()
    await hema.at('bell').click()
    await hema.at('notice').first().waitFor()
    await hema.shot('notices')
    await hema.page.context().close()
  })

  walk('Troubleshooting: session expires mid-day', async () => {
    await asha.at('nav-terminal').first().click()
    await asha.priceMoves()
    const before = await asha.counts()
    await asha.control('sessions', { kill: true })
    const began = Date.now()
    await until('the session is renewed', async () => {
      const broker = await asha.api('/api/broker')
      return broker.is_active && broker.attempts[0].trigger === 'midday' && broker.attempts[0].outcome === 'ok'
    }, 70_000)
    console.log(`a session that ended at midday was renewed after ${Date.now() - began} ms`)
    await asha.lampIs('green', 20_000)
    await asha.priceMoves()
    const after = await asha.counts()
    assert.equal(after.logins - before.logins, 1, 'it was renewed once')
    assert.equal(after.repeats, 0, 'no code was sent twice')
  })

  walk('Troubleshooting: No Session — enter session token below', async () => {
    await asha.settings()
    await asha.at('hold-toggle').click()
    await asha.statusIs('auto', /Auto-Login Paused/)
    await asha.control('sessions', { kill: true })
    await asha.statusIs('session', /^✗ No Session — enter session token below/, 20_000)
    await asha.shot('broker-no-session-dark')
    await asha.at('nav-terminal').first().click()
    await asha.at('no-live-data').first().waitFor()
    assert.match(await asha.at('no-live-data').first().innerText(), /No live data: connect Breeze/)
    assert.ok(!(await asha.at('quote-ltp').first().isVisible()), 'no price is shown')
    await asha.shot('no-live-data')
    const { venue } = await asha.api('/api/broker')
    const { accounts } = await asha.api('/api/me')
    const live = accounts.find((a) => a.venue === venue)
    const order = await asha.post(`/api/accounts/${live.id}/orders`, await anOrder(asha, venue))
    assert.deepEqual([order.status, order.body.code], [503, 'NO_LIVE_DATA'], JSON.stringify(order.body))

    // The demo market goes on beside it.
    const demo = accounts.find((a) => a.venue_kind === 'demo')
    await asha.at('account-switcher').first().click()
    await asha.row('account-row', demo.name).click()
    await asha.search('RELIANCE', 'RELIANCE')
    await asha.priceMoves()
  })

  walk('how it looks', async () => {
    const state = await asha.page.context().storageState()
    for (const [name, width, height, colorScheme] of [['light', 1440, 900, 'light'], ['phone-dark', 390, 844, 'dark'], ['phone-light', 390, 844, 'light']]) {
      const d = await desk({ width, height, colorScheme })
      await d.page.context().addCookies(state.cookies)
      for (const tab of ['broker', 'guide']) {
        await d.page.goto(`${world.url}/settings/${tab}`)
        await d.at(tab === 'broker' ? 'status-expiry' : 'demo-fill').waitFor()
        const wide = await d.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        assert.ok(wide <= 0, `${tab} ${name}: the page is ${wide} px wider than the window`)
        await d.shot(`${tab}-${name}`)
      }
      await d.page.context().close()
    }
  })
})

/** Time of day in India, whatever this process's own zone is. */
function istMinute(ms) {
  return new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(ms))
}

/** Answers the next change as the server does when the last proof is older than a quarter of an hour. */
async function needsProof(desk) {
  await desk.page.route('**/api/broker/credentials', (route) => route.fulfill({
    status: 403, contentType: 'application/problem+json',
    body: JSON.stringify({ title: 'Forbidden', status: 403, code: 'PROOF_REQUIRED', detail: 'Confirm that it is you.' }),
  }), { times: 1 })
}

async function anOrder(desk, venue) {
  const { instruments } = await desk.api(`/api/instruments?venue=${venue}&q=RELIANCE&limit=1`)
  return { client_order_id: 'journey-no-live-data', instrument: instruments[0].id, side: 'buy', product: 'CNC', type: 'market', validity: 'day', qty: 1 }
}
