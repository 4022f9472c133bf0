'use strict';
// The script of the simulator's login pages: what a browser does on ICICI's (breeze-wire 5.1, 5.3). submitform and
// submitotp are global, because programs that drive the page call them by name.

const form = document.getElementById('aspnetForm');
const generation = Number(form.dataset.generation);
const nonce = document.currentScript.nonce;
const mask = '************';

// $ is the little of jQuery that scripts around the page use. html() runs scripts, as jQuery's does.
function $(what) {
  const nodes = typeof what === 'string' ? Array.from(document.querySelectorAll(what)) : [what];
  const each = (f) => { nodes.forEach(f); return self; };
  const self = {
    length: nodes.length, 0: nodes[0], get: (i) => nodes[i], each: (f) => each((n, i) => f.call(n, i, n)),
    val: (v) => v === undefined ? nodes[0]?.value : each((n) => { n.value = v; }),
    text: (v) => v === undefined ? nodes.map((n) => n.textContent).join('') : each((n) => { n.textContent = v; }),
    html: (v) => v === undefined ? nodes[0]?.innerHTML : each((n) => { n.innerHTML = v; runScripts(n); }),
    prop: (k, v) => v === undefined ? nodes[0]?.[k] : each((n) => { n[k] = v; }),
    attr: (k, v) => v === undefined ? nodes[0]?.getAttribute(k) : each((n) => n.setAttribute(k, v)),
    show: () => each((n) => n.classList.remove('hidden')), hide: () => each((n) => n.classList.add('hidden')),
    focus: () => { nodes[0]?.focus(); return self; }, click: (f) => each((n) => f ? n.addEventListener('click', f) : n.click()),
  };
  return self;
}
const jQuery = $;

function runScripts(node) {
  for (const dead of node.querySelectorAll('script')) {
    const live = document.createElement('script');
    live.nonce = nonce;
    live.textContent = dead.textContent;
    dead.replaceWith(live);
  }
}

const suffix = form.dataset.suffix;
const byId = (id) => document.getElementById(id + suffix);

// ---- the password: RSA, PKCS#1 v1.5 over UTF-8 ----

function readDER(bytes, at) {
  let length = bytes[at + 1], start = at + 2;
  if (length & 0x80) {
    const count = length & 0x7f;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start++];
  }
  return {start, end: start + length};
}

function toBig(bytes) {
  return BigInt('0x' + Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(''));
}

function pemKey(pem) {
  const text = atob(pem.replace(/-----[^-]+-----/g, '').replace(/\s/g, ''));
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const outer = readDER(bytes, 0), algorithm = readDER(bytes, outer.start), bits = readDER(bytes, algorithm.end);
  const pair = readDER(bytes, bits.start + 1), n = readDER(bytes, pair.start), e = readDER(bytes, n.end);
  return {n: toBig(bytes.subarray(n.start, n.end)), e: toBig(bytes.subarray(e.start, e.end))};
}

function hexKey(text) {
  const [e, n] = text.split('~');
  return {n: BigInt('0x' + n), e: BigInt('0x' + e)};
}

function power(base, exponent, modulus) {
  let result = 1n;
  for (base %= modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = result * base % modulus;
    base = base * base % modulus;
  }
  return result;
}

// encrypt gives lower-case hex padded to the modulus for the first generation, base64 for the second.
function encrypt(text) {
  const {n, e} = generation === 1 ? hexKey(byId('hidenc').value) : pemKey(byId('hidpv').value);
  const size = n.toString(16).length + 1 >> 1;
  const message = new TextEncoder().encode(text);
  const block = new Uint8Array(size);
  const random = block.subarray(2, size - message.length - 1);
  crypto.getRandomValues(random);
  for (let i = 0; i < random.length; i++) while (random[i] === 0) crypto.getRandomValues(random.subarray(i, i + 1));
  block[1] = 2;
  block.set(message, size - message.length);
  const hex = power(toBig(block), e, n).toString(16).padStart(2 * size, '0');
  return generation === 1 ? hex : btoa(hex.match(/../g).map((h) => String.fromCharCode(parseInt(h, 16))).join(''));
}

// ---- the requests ----

// fields are all inputs by their id, never by their name.
function fields() {
  return Array.from(form.querySelectorAll('input[id],select[id],textarea[id]'))
    .filter((e) => (e.type !== 'checkbox' || e.checked) && (e.type !== 'button' || generation === 1))
    .map((e) => [e.id, e.value]);
}

function PostForm(url, done) {
  const request = new XMLHttpRequest();
  request.open('POST', url);
  request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded; charset=UTF-8');
  request.setRequestHeader('X-Requested-With', 'XMLHttpRequest');
  $('input[type=button]').prop('disabled', true);
  request.onloadend = () => {
    $('input[type=button]').prop('disabled', false);
    done(request.status === 200 ? request.responseText : '<p class="error">The server cannot be reached. Please try again later.</p>');
  };
  request.send(fields().map((f) => f.map(encodeURIComponent).join('=')).join('&'));
}

// Navigate posts as PostForm does, but as a page: for answers that redirect.
function Navigate(url) {
  const page = document.createElement('form');
  page.method = 'post';
  page.action = url;
  for (const [name, value] of fields()) {
    const input = document.createElement('textarea');
    input.name = name;
    input.value = value;
    page.append(input);
  }
  $('#dvreply').hide();
  document.getElementById('dvreply').append(page);
  page.submit();
}

function submitform() {
  if (!byId('chkssTnc').checked) {
    alert('Please accept the terms and conditions to proceed.');
    return;
  }
  if (byId('txtPass').value !== mask) byId('hidp').value = encrypt(byId('txtPass').value.trim());
  byId('txtPass').value = mask;
  if (byId('txtdob')) byId('txtdob').value = mask;
  PostForm('/apiuser/tradelogin/getotp', (reply) => {
    $('#dvgetotp').html(reply);
    wirePanel();
  });
}

function submitotp() {
  const own = document.getElementById('pnlOTP').dataset.suffix;
  $('#hiotp' + own).val(Array.from(document.querySelectorAll('input[tg-nm=otp]'), (e) => e.value).join(''));
  if (form.dataset.finish === 'redirect') {
    Navigate('/apiuser/tradelogin/validateuser');
    return;
  }
  PostForm('/apiuser/tradelogin/validateuser', (reply) => {
    // A form cannot lie in a form: the answer that leaves the page goes beside it.
    const leaves = /<form|window\.location/.test(reply);
    $(leaves ? '#dvreply' : '#dvgetotp').html(reply);
    wirePanel();
  });
}

// wirePanel brings whatever came into #dvgetotp to life.
function wirePanel() {
  const boxes = Array.from(document.querySelectorAll('input[tg-nm=otp]'));
  $('#dvgetotp .again').click(submitform);
  if (boxes.length === 0) {
    if (!document.querySelector('#dvgetotp #txtcaptcha')) byId('txtPass').value = byId('hidp').value = '';
    return;
  }
  $('#dvloginmain').hide();
  boxes.forEach((box, i) => {
    box.addEventListener('input', () => {
      const digits = box.value.replace(/\D/g, '');
      box.value = digits.slice(0, 1);
      if (box.value !== '') boxes[i + 1]?.focus();
    });
    box.addEventListener('keydown', (e) => {
      if (e.key === 'Backspace' && box.value === '') boxes[i - 1]?.focus();
    });
    box.addEventListener('paste', (e) => {
      e.preventDefault();
      const digits = e.clipboardData.getData('text').replace(/\D/g, '').slice(0, boxes.length - i);
      Array.from(digits).forEach((d, j) => { boxes[i + j].value = d; });
      boxes[Math.min(i + digits.length, boxes.length - 1)].focus();
    });
  });
  const own = document.getElementById('pnlOTP').dataset.suffix;
  $('#Button1' + own).click(submitotp);
  boxes[0].focus();
}

byId('btnSubmit').addEventListener('click', submitform);
form.addEventListener('submit', (e) => e.preventDefault());
form.addEventListener('keydown', (e) => {
  if (e.key !== 'Enter') return;
  e.preventDefault();
  if (document.querySelector('input[tg-nm=otp]')) submitotp();
  else submitform();
});
if (document.getElementById('pnlOTP')) wirePanel();
