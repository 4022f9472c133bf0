// The official SDK (npm breezeconnect, unedited) against a Breeze on loopback. Its base URLs come from the mutable object
// require('breezeconnect/config').urls. Standard input is one JSON object: {"url","key","secret","session"}.
// Every check prints one line; the first that fails ends the process with status 1.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const http = require('node:http');
const config = require('breezeconnect/config');
const BreezeConnect = require('breezeconnect').BreezeConnect;

const given = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
Object.assign(config.urls, {
  API_URL: `${given.url}/breezeapi/api/v1/`,
  BREEZE_NEW_URL: `${given.url}/api/v2/`,
  LIVE_FEEDS_URL: given.url,
  LIVE_STREAM_URL: given.url,
  LIVE_OHLC_STREAM_URL: given.url,
  SECURITY_MASTER_URL: `${given.url}/MotherAppMaster/SecurityMaster.zip`,
});
for (const member of ['NSE', 'BSE', 'CDNSE', 'FONSE']) {
  config.scriptMasterFile[`${member}_URL`] = `${given.url}/Content/File/txtFile/ScripFile/${member}ScripMaster.txt`;
}

const breeze = new BreezeConnect({ appKey: given.key });
const ticks = [];
const waiting = [];
breeze.onTicks = (tick) => {
  ticks.push(tick);
  for (const look of [...waiting]) look();
};

/** tick resolves with the first tick, past or coming, that matches. */
function tick(what, matches) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${what} within 15 s; last tick ${JSON.stringify(ticks.at(-1))}`)), 15_000);
    const look = () => {
      const found = ticks.find(matches);
      if (!found) return;
      clearTimeout(late);
      waiting.splice(waiting.indexOf(look), 1);
      resolve(found);
    };
    waiting.push(look);
    look();
  });
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** iso turns 29-Dec-2026 into what requests send. */
function iso(date) {
  const [day, month, year] = date.split('-');
  return `${year}-${String(months.indexOf(month) + 1).padStart(2, '0')}-${day}T06:00:00.000Z`;
}
const byDate = (a, b) => iso(a).localeCompare(iso(b));
/** yesterday in IST, whose candles are complete. */
const yesterday = new Date(Date.now() + 5.5 * 3600e3 - 86400e3).toISOString().slice(0, 10);
const span = { fromDate: `${yesterday}T10:00:00.000Z`, toDate: `${yesterday}T10:04:00.000Z` };

function rows(reply, least) {
  assert.equal(reply.Status, 200, JSON.stringify(reply).slice(0, 300));
  assert.equal(reply.Error, null);
  assert.ok(reply.Success.length >= least, `${reply.Success.length} rows, want at least ${least}`);
  return reply.Success;
}

function coherent(row) {
  for (const key of ['ltp', 'best_bid_price', 'best_offer_price', 'upper_circuit', 'lower_circuit', 'previous_close']) {
    assert.equal(typeof row[key], 'number', `${key} of ${JSON.stringify(row)}`);
  }
  assert.equal(typeof row.total_quantity_traded, 'string');
  assert.ok(row.best_bid_price < row.best_offer_price, JSON.stringify(row));
  assert.ok(row.low <= row.ltp && row.ltp <= row.high, JSON.stringify(row));
}

/** raw sends one signed v1 request as the Python SDK lays it out: GET with a body, compact JSON, its headers. */
function raw(endpoint, body) {
  const payload = JSON.stringify(body);
  const stamp = `${new Date().toISOString().slice(0, 19)}.000Z`;
  const sum = crypto.createHash('sha256').update(stamp + payload + given.secret).digest('hex');
  const headers = {
    'Content-Type': 'application/json', 'X-Checksum': `token ${sum}`, 'X-Timestamp': stamp, 'X-AppKey': given.key,
    'X-SessionToken': breeze.apiSession, 'User-Agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'Content-Length': Buffer.byteLength(payload),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(`${given.url}/breezeapi/api/v1/${endpoint}`, { method: 'GET', headers }, (reply) => {
      let text = '';
      reply.on('data', (part) => { text += part; });
      reply.on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject);
    request.end(payload);
  });
}

let future, option, nearest;
const checks = {
  async 'a wrong session is refused'() {
    const stranger = new BreezeConnect({ appKey: given.key });
    await assert.rejects(stranger.generateSession(given.secret, '11111111'), (e) => e === 'Could not authenticate credentials. Please check token and keys');
  },
  async 'session'() {
    await breeze.generateSession(given.secret, given.session);
    assert.match(breeze.userId, /^[A-Z0-9]+$/);
    const details = await breeze.getCustomerDetails(given.session);
    assert.equal(details.Success.idirect_userid, breeze.userId);
  },
  async 'master'() {
    const [bse, nse, , , nfo, bfo] = breeze.stockScriptDictList;
    assert.equal(nse.RELIND, '2885');
    assert.equal(nse.NIFTY, 'NIFTY 50');
    assert.equal(bse.RELIND, '500325');
    assert.deepEqual(breeze.tokenScriptDictList[1]['2885'], ['RELIND', 'RELIANCE INDUSTRIES']);
    assert.ok(Object.keys(nfo).length > 20_000 && Object.keys(bfo).length > 1_000);
    const expiries = (kind) => Object.keys(nfo).filter((k) => k.startsWith(`${kind}-NIFTY-`)).map((k) => k.split('-').slice(2, 5).join('-'));
    future = [...new Set(expiries('FUT'))].sort(byDate);
    assert.equal(future.length, 3);
    // The nearest expiry that has not come: today's stops trading at 15:40.
    const today = new Date(Date.now() + 5.5 * 3600e3).toISOString().slice(0, 10);
    nearest = [...new Set(expiries('OPT'))].sort(byDate).find((d) => iso(d).slice(0, 10) > today);
    future = future.find((d) => iso(d).slice(0, 10) > today);
  },
  async 'names'() {
    const name = await breeze.getNames({ exchange: 'nse', stockCode: 'RELIANCE' });
    assert.equal(name.isec_stock_code, 'RELIND');
    assert.equal(name.isec_token_level1, '4.1!2885');
  },
  async 'quotes of a share'() {
    const [nse, bse] = rows(await breeze.getQuotes({ stockCode: 'RELIND', exchangeCode: 'NSE', productType: 'cash' }), 2);
    assert.deepEqual([nse.exchange_code, bse.exchange_code], ['NSE', 'BSE']);
    coherent(nse);
    coherent(bse);
  },
  async 'quotes of a future'() {
    const [row] = rows(await breeze.getQuotes({ stockCode: 'NIFTY', exchangeCode: 'NFO', expiryDate: iso(future), productType: 'futures', right: 'others', strikePrice: '0' }), 1);
    coherent(row);
    assert.equal(row.expiry_date, future);
    option = { stockCode: 'NIFTY', exchangeCode: 'NFO', productType: 'options', right: 'call', strikePrice: String(Math.round(Number(row.spot_price) / 100) * 100) };
  },
  async 'quotes of an option'() {
    const [row] = rows(await breeze.getQuotes({ ...option, expiryDate: iso(nearest) }), 1);
    coherent(row);
    assert.equal(row.right, 'Call');
  },
  async 'history v1 of a share'() {
    const bars = rows(await breeze.getHistoricalData({ interval: '1minute', ...span, stockCode: 'RELIND', exchangeCode: 'NSE', productType: 'cash' }), 5);
    assert.equal(bars[0].datetime, `${yesterday} 10:00:00`);
    assert.equal(typeof bars[0].open, 'string');
    assert.equal(bars[0].expiry_date, null);
  },
  async 'history v1 of an option'() {
    const bars = rows(await breeze.getHistoricalData({ interval: '5minute', ...span, ...option, expiryDate: iso(nearest) }), 1);
    assert.equal(bars[0].right, 'Call');
    assert.equal(typeof bars[0].open_interest, 'string');
  },
  async 'history v2 of a share'() {
    const bars = rows(await breeze.getHistoricalDatav2({ interval: '1minute', ...span, stockCode: 'RELIND', exchangeCode: 'NSE', productType: 'cash' }), 5);
    assert.equal(typeof bars[0].open, 'number');
    assert.ok(!('expiry_date' in bars[0]));
    const seconds = rows(await breeze.getHistoricalDatav2({ interval: '1second', ...span, stockCode: 'RELIND', exchangeCode: 'NSE', productType: 'cash' }), 240);
    const minute = seconds.slice(0, 60);
    assert.equal(Math.max(...minute.map((b) => b.high)), bars[0].high);
    assert.equal(Math.min(...minute.map((b) => b.low)), bars[0].low);
  },
  async 'history v2 of an option'() {
    const bars = rows(await breeze.getHistoricalDatav2({ interval: '1minute', ...span, ...option, expiryDate: iso(nearest) }), 5);
    assert.equal(bars[0].strike_price, Number(option.strikePrice));
    assert.equal(typeof bars[0].open_interest, 'number');
  },
  async 'account reads'() {
    assert.equal((await breeze.getFunds()).Status, 200);
    assert.equal((await breeze.getMargin('NSE')).Status, 200);
    for (const reply of [await breeze.getDematHoldings(), await breeze.getPortfolioPositions(), await breeze.getOrderList({ exchangeCode: 'NSE', ...span })]) {
      assert.deepEqual(reply, { Success: [], Status: 200, Error: null });
    }
  },
  async 'orders are refused'() {
    const reply = await breeze.placeOrder({ stockCode: 'ITC', exchangeCode: 'NSE', product: 'cash', action: 'buy', orderType: 'limit', quantity: '1', price: '300', validity: 'day' });
    assert.deepEqual(reply, { Success: null, Status: 500, Error: 'This simulator takes no orders' });
  },
  async 'the option chain call never leaves the SDK'() {
    const reply = await breeze.getOptionChainQuotes({ stockCode: 'NIFTY', exchangeCode: 'NFO', productType: 'options', right: 'call', expiryDate: iso(nearest) });
    assert.deepEqual(reply, { Success: '', Status: 500, Error: 'Exchange code should be nfo or bfo' });
  },
  async 'the option chain, asked as the Python SDK asks'() {
    const chain = rows(await raw('optionchain', { stock_code: 'NIFTY', exchange_code: 'NFO', expiry_date: iso(nearest), product_type: 'options', right: 'call' }), 90);
    const row = chain.find((r) => r.strike_price === Number(option.strikePrice));
    coherent(row);
    assert.equal(typeof row.open_interest, 'number');
    for (let i = 1; i < chain.length; i++) assert.ok(chain[i].strike_price > chain[i - 1].strike_price);
  },
  async 'calls that are broken inside the SDK fail there'() {
    await assert.rejects(breeze.cancelOrder({ exchangeCode: 'NSE', orderId: '1' }), /^cancelOrder\(\) Error/);
    await assert.rejects(breeze.modifyOrder({ orderId: '1', exchangeCode: 'NSE', orderType: 'limit' }), /is not defined/);
    await assert.rejects(breeze.squareOff({ exchangeCode: 'NSE', stockCode: 'ITC', orderType: 'limit' }), /is not defined/);
  },
  async 'quote and depth streams'() {
    breeze.wsConnect();
    await breeze.subscribeFeeds({ exchangeCode: 'NSE', stockCode: 'RELIND', productType: 'cash' });
    await breeze.subscribeFeeds({ exchangeCode: 'BSE', stockCode: 'RELIND', productType: 'cash' });
    await breeze.subscribeFeeds({ stockToken: '4.1!NIFTY 50' });
    await breeze.subscribeFeeds({ ...option, expiryDate: nearest });
    await breeze.subscribeFeeds({ stockToken: '4.1!nosuchtoken' });
    const quote = await tick('quote of RELIND', (t) => t.symbol === '4.1!2885' && 'ttq' in t);
    assert.equal(quote.exchange, 'NSE Equity');
    assert.ok(quote.bPrice < quote.sPrice && quote.low <= quote.last && quote.last <= quote.high, JSON.stringify(quote));
    const index = await tick('quote of NIFTY 50', (t) => t.symbol === '4.1!NIFTY 50');
    assert.ok(index.last > 0 && index.bPrice === null);
    const token = breeze.stockScriptDictList[4][`OPT-NIFTY-${nearest}-${option.strikePrice}-CE`];
    const derivative = await tick('quote of the option', (t) => t.symbol === `4.1!${token}`);
    assert.equal(derivative.exchange, 'NSE Futures & Options');
    assert.ok(derivative.OI > 0);
    for (const symbol of ['4.2!2885', '1.2!500325', `4.2!${token}`]) {
      const depth = await tick(`depth of ${symbol}`, (t) => t.symbol === symbol);
      assert.equal(depth.depth.length, 5);
      assert.ok(depth.depth[0]['BestBuyRate-1'] < depth.depth[0]['BestSellRate-1'], JSON.stringify(depth));
    }
    const first = quote.ltt;
    await tick('a second quote of RELIND', (t) => t.symbol === '4.1!2885' && t.ltt !== first);
  },
  async 'candle streams'() {
    await breeze.subscribeFeeds({ stockToken: '4.1!2885', interval: '1second' });
    await breeze.subscribeFeeds({ ...option, expiryDate: nearest, interval: '1second' });
    const share = await tick('candle of RELIND', (t) => t.interval === '1second' && t.stock_code === 'RELIND');
    assert.ok(Number(share.low) <= Number(share.close) && Number(share.close) <= Number(share.high));
    const derivative = await tick('candle of the option', (t) => t.interval === '1second' && t.right_type === 'CE');
    assert.equal(derivative.strike_price, `${option.strikePrice}.0`);
  },
  async 'unsubscribe'() {
    for (const stockToken of ['4.1!2885', '4.1!NIFTY 50']) await breeze.unsubscribeFeeds({ stockToken });
    await breeze.unsubscribeFeeds({ stockToken: '4.1!2885', interval: '1second' });
    breeze.wsDisconnect();
  },
};


(async () => {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (e) {
      console.log(`FAILED ${name}: ${e && e.stack ? e.stack : e}`);
      process.exit(1);
    }
  }
  process.exit(0);
})();
