// Starts the real programs and a real browser for the journeys, and ends them again.
import { spawn, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, rmSync, createWriteStream, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** Where pictures go, for a person to look at: PAPERPORT_SHOTS, or a folder of their own that stays. */
export const shots = process.env.PAPERPORT_SHOTS ?? join(tmpdir(), 'paperport-journey-shots')
mkdirSync(shots, { recursive: true })

/** The binary under test: PAPERPORT_BIN, or bin/paperport as `make build` leaves it. */
function binary() {
  const path = process.env.PAPERPORT_BIN ?? join(root, 'bin/paperport')
  if (!existsSync(path)) throw new Error(`no binary at ${path}: run make build`)
  return path
}

export function browserPath() {
  const known = [process.env.PAPERPORT_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const found = known.find((path) => path !== undefined && existsSync(path))
  if (found === undefined) throw new Error('no Chromium: tools/need.sh chromium')
  return found
}

/** A loopback port that nobody uses now. */
export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** Asks again until check gives something truthy; fails with what() after limitMs. */
export async function until(what, check, limitMs = 15_000) {
  const end = Date.now() + limitMs
  let last
  for (;;) {
    try {
      const value = await check()
      if (value) return value
      last = value
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs} ms (last: ${last?.message ?? last})`)
    await pause(50)
  }
}

const istMs = 5.5 * 3600_000
const dayMs = 24 * 3600_000

/** The demo market's day ends at 23:55 IST: a journey that would run into that waits for the next day. */
export async function marketOpens() {
  const timeOfDay = (Date.now() + istMs) % dayMs
  if (timeOfDay < 23.8 * 3600_000) return
  console.log('the demo market is about to end its day: waiting for the next one')
  await pause(dayMs - timeOfDay + 10_000)
}

/** One running program with a log file. */
class Program {
  constructor(name, args, { dir, env }) {
    this.log = join(dir, `${name}-${Date.now()}.log`)
    const out = createWriteStream(this.log)
    this.child = spawn(binary(), args, { cwd: dir, env: { PATH: process.env.PATH, HOME: dir, TZ: 'UTC', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout.pipe(out)
    this.child.stderr.pipe(out)
    this.ended = new Promise((done) => this.child.once('exit', done))
  }

  text() {
    return readFileSync(this.log, 'utf8')
  }

  /** Ends it as a power cut would: no signal that it could catch. */
  async kill() {
    this.child.kill('SIGKILL')
    await this.ended
  }
}

/** The world of one journey: a data directory, a simulator of its own, a server, a browser. */
export class World {
  constructor(name) {
    this.name = name
    this.dir = mkdtempSync(join(tmpdir(), 'paperport-journey-'))
    this.data = join(this.dir, 'data')
    this.controlToken = 'journey-control-token'
  }

  async startSimulator() {
    this.simPort = await freePort()
    this.sim = new Program('breezesim', ['breezesim', `--addr=127.0.0.1:${this.simPort}`], {
      dir: this.dir,
      env: { PAPERPORT_SIM_CONTROL_TOKEN: this.controlToken },
    })
    await until('simulator answers', async () => (await fetch(`http://127.0.0.1:${this.simPort}/MotherAppMaster/SecurityMaster.zip`, { method: 'HEAD' })).status < 500)
  }

  /** The one-time link that the server prints when the first user cannot be made freely. */
  setupLink() {
    return /https?:\/\/\S+\?link=\S+/.exec(this.server.text())?.[0]
  }

  /** Freezes the simulator's feed: its sockets stay, its prices stop. Or lets it go again. */
  async freeze(isFrozen) {
    await this.control('feed', { frozen: isFrozen })
  }

  /** Asks the simulator's control endpoint. */
  async control(path, body) {
    const response = await fetch(`http://127.0.0.1:${this.simPort}/control/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.controlToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`control ${path}: ${response.status} ${await response.text()}`)
  }

  /** What the simulator's login pages and REST saw, by account. */
  async counts() {
    const response = await fetch(`http://127.0.0.1:${this.simPort}/control/counts`, { headers: { authorization: `Bearer ${this.controlToken}` } })
    if (!response.ok) throw new Error(`control counts: ${response.status}`)
    return response.json()
  }

  /** Starts the server, on the same port and data directory each time. With tls it brings its own certificate. */
  async startServer({ tls = false } = {}) {
    this.port ??= await freePort()
    const env = {
      PAPERPORT_ADDR: `localhost:${this.port}`,
      PAPERPORT_DATA_DIR: this.data,
    }
    if (tls) {
      const cert = join(this.dir, 'cert.pem')
      const key = join(this.dir, 'key.pem')
      if (!existsSync(cert)) execFileSync('go', ['run', './test/journey/selfsigned', cert, key], { cwd: root })
      env.PAPERPORT_TLS_CERT = cert
      env.PAPERPORT_TLS_KEY = key
    }
    this.url = `${tls ? 'https' : 'http'}://localhost:${this.port}`
    this.server = new Program('serve', ['serve', `--demo=http://127.0.0.1:${this.simPort}`], { dir: this.dir, env })
    await until('server answers', () => portOpen(this.port))
  }

  async openBrowser({ width = 1440, height = 900, colorScheme = 'dark' } = {}) {
    this.browser ??= await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox', '--disable-dev-shm-usage'] })
    const context = await this.browser.newContext({
      viewport: { width, height },
      timezoneId: 'America/New_York',
      locale: 'en-IN',
      colorScheme,
      ignoreHTTPSErrors: true,
    })
    const page = await context.newPage()
    this.problems = []
    page.on('pageerror', (error) => this.problems.push(`page error: ${error.message}`))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/ERR_CONNECTION|WebSocket|Failed to load resource/.test(message.text())) this.problems.push(message.text())
    })
    return page
  }

  async close(isFailed) {
    await this.browser?.close()
    await this.server?.kill()
    await this.sim?.kill()
    if (isFailed) {
      for (const program of [this.sim, this.server]) {
        if (program !== undefined) console.error(`--- ${program.log}\n${program.text().slice(-4000)}`)
      }
    }
    rmSync(this.dir, { recursive: true, force: true })
  }
}

function portOpen(port) {
  return fetch(`http://localhost:${port}/livez`).then(
    () => true,
    // A TLS listener answers plain HTTP with an error that is an answer all the same.
    (error) => error.cause?.code !== undefined && error.cause.code !== 'ECONNREFUSED',
  )
}
