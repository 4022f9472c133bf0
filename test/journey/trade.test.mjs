// The journey: from an empty directory to a filled order, through a frozen feed and a killed server, in a browser in New
// York against a server in UTC. Everything on screen is in IST.
import test from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Desk, assert, number } from './desk.mjs'
import { World, marketOpens, until } from './harness.mjs'

const password = 'the monsoon came early this year'

async function inWorld(name, body) {
  await marketOpens()
  const world = new World(name)
  let isFailed = true
  try {
    await world.startSimulator()
    await body(world)
    isFailed = false
  } finally {
    if (isFailed && world.page !== undefined) await new Desk(world.page).shot(`${name}-failed`).catch(() => undefined)
    await world.close(isFailed)
  }
}

/** Time of day in India, whatever this process's own zone is. */
function istMinute(date) {
  return new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Kolkata', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(date)
}

async function buyAtMarket(desk, label) {
  await desk.send({ side: 'buy', product: 'CNC', qty: 10 })
  const enough = 10 * (await desk.lastPrice())
  await until('money and charges of all ten before sending', async () => number(await desk.at('ticket-required').innerText()) > enough)
  await desk.shot('order-window')
  await desk.submit()
  await desk.tab('trades')
  await desk.row('trade-row', label).first().waitFor()
}

/** The fill is at the ask that the trade's own evidence names, with a charge note that adds up, and shows so. */
async function fillIsAtTheAsk(desk, label) {
  const { accounts } = await desk.api('/api/me')
  const account = accounts[0].id
  const { trades } = await until('ten are filled', async () => {
    const page = await desk.api(`/api/accounts/${account}/trades`)
    return page.trades.reduce((n, t) => n + t.qty, 0) === 10 && page
  })
  for (const trade of trades) {
    assert.equal(trade.label, label)
    assert.equal(trade.evidence.rule, 'walks-depth')
    assert.equal(trade.evidence.is_from_bars, false)
    if (trade.evidence.level === 1) assert.equal(trade.price, trade.evidence.ask, 'a market buy fills at the ask')
    else assert.ok(Number(trade.price) >= Number(trade.evidence.ask), 'further levels are no better than the ask')
    const { total, brokerage, stt, exchange, sebi, stamp, gst } = trade.charges
    const sum = [brokerage, stt, exchange, sebi, stamp, gst].reduce((s, v) => s + Math.round(Number(v) * 100), 0)
    assert.equal(sum, Math.round(Number(total) * 100), 'the charge note adds up')
    assert.ok(Number(stt) > 0 && Number(stamp) > 0, 'delivery pays STT and stamp duty')
  }
  const shown = desk.row('trade-row', label).first()
  assert.equal(number(await shown.getByTestId('trade-price').innerText()), Number(trades[0].price))
  assert.equal(number(await shown.getByTestId('trade-charges').innerText()), Number(trades[0].charges.total))
  return { account, trades }
}

test('from an empty directory to a filled order, a frozen feed and a killed server', () =>
  inWorld('trade', async (world) => {
    await world.startServer()
    world.page = await world.openBrowser()
    const desk = new Desk(world.page)
    const label = 'RELIANCE'

    await desk.createOwner(world.url, 'asha', password)
    await until('the clock shows IST', async () => (await desk.at('clock').innerText()).startsWith(istMinute(new Date())))
    assert.match(await desk.at('paper-badge').first().innerText(), /PAPER/)

    await desk.search('reliance', label)
    await desk.priceMoves()
    await desk.lampIs('green')
    await desk.shot('terminal-dark')

    await buyAtMarket(desk, label)
    const { account } = await fillIsAtTheAsk(desk, label)
    await desk.tab('positions')
    await desk.row('position-row', label).waitFor()
    assert.equal(number(await desk.row('position-row', label).getByTestId('position-qty').innerText()), 10)
    await desk.positionAddsUp(label)
    await desk.shot('position')

    await restModifyCancel(desk, label)
    await frozenFeedShows(desk, world)
    await survivesKill(desk, world, account, label)
    assert.deepEqual(world.problems, [], 'nothing went wrong in the page')
    await pictures(desk, world)
  }))

async function restModifyCancel(desk, label) {
  // Five and six percent below the market, on the tick: it rests whatever the demo market does meanwhile.
  const last = await desk.lastPrice()
  const first = (Math.floor(last * 0.95)).toFixed(2)
  const second = (Math.floor(last * 0.94)).toFixed(2)
  await desk.send({ side: 'buy', product: 'CNC', qty: 4, price: first })
  await desk.submit()
  await desk.tab('orders')
  const open = desk.page.locator(`[data-testid="order-row"][data-status="open"][data-label="${label}"]`).first()
  await open.waitFor()
  assert.equal(number(await open.getByTestId('order-price').innerText()), Number(first))
  const id = await open.getAttribute('data-id')
  const order = desk.page.locator(`[data-testid="order-row"][data-id="${id}"]`)

  await order.getByTestId('order-modify').click()
  await desk.at('ticket').waitFor()
  await desk.at('ticket-qty').fill('6')
  await desk.at('ticket-price').fill(second)
  await desk.submit()
  await until('the modified order shows', async () => number(await order.getByTestId('order-price').innerText()) === Number(second))
  assert.match(await order.getByTestId('order-qty').innerText(), /0 \/ 6/)

  await order.getByTestId('order-cancel').click()
  await until('the order is cancelled', async () => (await order.getAttribute('data-status')) === 'cancelled')
}

async function frozenFeedShows(desk, world) {
  await desk.lampIs('green')
  await world.freeze(true)
  const began = Date.now()
  await until('the lamp leaves green', async () => (await desk.lamp()) !== 'green', 5_000)
  console.log(`lamp left green ${Date.now() - began} ms after the feed froze`)
  await desk.shot('frozen')
  await world.freeze(false)
  await desk.lampIs('green', 20_000)
}

async function survivesKill(desk, world, account, label) {
  const before = await books(desk, account)
  await world.server.kill()
  await desk.at('offline').waitFor({ timeout: 15_000 })
  await pause(500)
  await world.startServer()
  await desk.at('offline').waitFor({ state: 'detached', timeout: 30_000 })
  assert.deepEqual(await books(desk, account), before, 'everything is there after kill -9')
  await desk.lampIs('green', 30_000)
  await desk.priceMoves(30_000)
  await desk.tab('positions')
  assert.equal(number(await desk.row('position-row', label).getByTestId('position-qty').innerText()), 10)
  await desk.positionAddsUp(label)
}

/** What must survive: orders, trades, ledger and money, without what moves with the market. */
async function books(desk, account) {
  const base = `/api/accounts/${account}`
  const [{ orders }, { trades }, funds, { entries }] = await Promise.all([
    desk.api(`${base}/orders`), desk.api(`${base}/trades`), desk.api(`${base}/funds`), desk.api(`${base}/ledger?limit=50`),
  ])
  assert.ok(orders.length >= 2 && trades.length >= 1 && entries.length >= 2)
  return { orders, trades, funds, entries }
}

async function pictures(desk, world) {
  for (const path of ['orders', 'portfolio/holdings', 'portfolio/funds', 'dashboard', 'settings']) {
    await desk.page.goto(`${world.url}/${path}`)
    await desk.at('frame').waitFor()
    await pause(700)
    await desk.shot(`${path.replace('/', '-')}-dark`)
  }
  const state = await desk.page.context().storageState()
  for (const [name, width, height, colorScheme] of [['light', 1440, 900, 'light'], ['phone-dark', 390, 844, 'dark'], ['phone-light', 390, 844, 'light']]) {
    const page = await world.openBrowser({ width, height, colorScheme })
    await page.context().addCookies(state.cookies)
    await page.goto(world.url)
    await page.getByTestId('frame').waitFor()
    await pause(1500)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    assert.ok(wide <= 0, `${name}: the page is ${wide} px wider than the window`)
    await new Desk(page).shot(`terminal-${name}`)
  }
}

test('once more over our own TLS listener', () =>
  inWorld('tls', async (world) => {
    await world.startServer({ tls: true })
    world.page = await world.openBrowser()
    const desk = new Desk(world.page)
    await desk.createOwner(world.setupLink() ?? world.url, 'ravi', password)
    const cookies = await desk.page.context().cookies()
    assert.deepEqual(cookies.map((c) => [c.name, c.secure, c.httpOnly, c.sameSite]), [['__Host-pp_login', true, true, 'Strict']])
    await desk.search('reliance', 'RELIANCE')
    await desk.priceMoves()
    await buyAtMarket(desk, 'RELIANCE')
    await fillIsAtTheAsk(desk, 'RELIANCE')
    await world.server.kill()
    await desk.at('offline').waitFor({ timeout: 15_000 })
    await world.startServer({ tls: true })
    await desk.at('offline').waitFor({ state: 'detached', timeout: 30_000 })
    await desk.priceMoves(30_000)
    assert.deepEqual(world.problems, [], 'nothing went wrong in the page')
  }))
