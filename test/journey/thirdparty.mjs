// Parties beside the user and PaperPort: somebody who logs in at the broker on his own, and a web site that means harm.
import { createServer } from 'node:http'
import { logInByHand } from './broker.mjs'
import { freePort } from './harness.mjs'

/** Logs in at the broker through an app's key in a browser of its own, and returns the API session that the broker sends to the redirect URL. */
export async function sessionByHand(world, apiKey, account, ahead = 0) {
  const context = await world.browser.newContext()
  try {
    const page = await context.newPage()
    const got = new Promise((done) => {
      void context.route('**/api/auth/breeze-callback**', async (route) => {
        const request = route.request()
        const form = new URLSearchParams(request.postData() ?? new URL(request.url()).search)
        await route.fulfill({ contentType: 'text/plain', body: 'caught' })
        done(form.get('apisession') ?? form.get('API_Session'))
      })
    })
    await page.goto(`http://127.0.0.1:${world.simPort}/apiuser/login?api_key=${encodeURIComponent(apiKey)}`)
    await page.getByLabel('User ID').waitFor()
    await logInByHand(page, account, { ahead })
    return await got
  } finally {
    await context.close()
  }
}

/** A site of another origin whose pages post a form to PaperPort as soon as they are opened. */
export async function attackers(world) {
  const port = await freePort()
  const pages = new Map()
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(pages.get(request.url) ?? '')
  })
  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  return {
    page(path, fields) {
      const name = `/${pages.size}`
      const inputs = Object.entries(fields).map(([k, v]) => `<input name="${k}" value="${v}">`).join('')
      pages.set(name, `<form method="post" action="${world.url}${path}">${inputs}</form><script>document.forms[0].submit()</script>`)
      return `http://127.0.0.1:${port}${name}`
    },
    close: () => new Promise((done) => server.close(done)),
  }
}
