#!/usr/bin/env python3
"""Checks vault/testdata/vectors.json against the format as docs/keys.md describes it, sharing no code with PaperPort:
HKDF and HMAC from Python's own library, AES-256-CBC from the openssl command.

    tools/vectors.py [FILE]
"""
import hashlib
import hmac
import json
import subprocess
import sys


def hkdf(master, salt, info, length):
    """RFC 5869 with SHA-256."""
    key = hmac.new(salt, master, hashlib.sha256).digest()
    block, out, n = b"", b"", 0
    while len(out) < length:
        n += 1
        block = hmac.new(key, block + info + bytes([n]), hashlib.sha256).digest()
        out += block
    return out[:length]


def place(case):
    parts = [case[name].encode() for name in ("install", "table", "owner", "field")]
    parts.append(int(case["version"]).to_bytes(8, "big"))
    return b"".join(len(p).to_bytes(4, "big") + p for p in parts)


def aes_cbc_decrypt(key, iv, ciphertext):
    command = ["openssl", "enc", "-aes-256-cbc", "-d", "-nosalt", "-nopad", "-K", key.hex(), "-iv", iv.hex()]
    return subprocess.run(command, input=ciphertext, stdout=subprocess.PIPE, check=True).stdout


def unfill(plain):
    """The text, or None when it is not: length, text, zeros to a multiple of 64, sixteen bytes of sixteen."""
    body, padding = plain[:-16], plain[-16:]
    size = int.from_bytes(body[:2], "big")
    if padding != bytes([16]) * 16 or 2 + size > len(body) or any(body[2 + size:]):
        return None
    if len(body) != (2 + size + 63) // 64 * 64:
        return None
    return body[2:2 + size]


def open_blob(case):
    blob = bytes.fromhex(case["blob"])
    if len(blob) < 9 + 16 + 80 + 32 or (len(blob) - 9 - 16 - 16 - 32) % 64 != 0:
        return None
    if blob[:3] != b"PPS" or blob[3] != 1 or blob[4] != 1:
        return None
    for master in map(bytes.fromhex, case["keys"]):
        if hashlib.sha256(b"paperport/kid" + master).digest()[:4] == blob[5:9]:
            break
    else:
        return None
    keys = hkdf(master, bytes.fromhex(case["salt"]), b"paperport/cred/v1/" + bytes([blob[4]]), 64)
    signed, tag, where = blob[:-32], blob[-32:], place(case)
    want = hmac.new(keys[32:], signed + where + len(where).to_bytes(8, "big"), hashlib.sha256).digest()
    if not hmac.compare_digest(want, tag):
        return None
    return unfill(aes_cbc_decrypt(keys[:32], blob[9:25], blob[25:-32]))


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "vault/testdata/vectors.json"
    with open(name, encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    faults, opened = 0, 0
    for case in cases:
        got = open_blob(case)
        want = None if case["text"] is None else bytes.fromhex(case["text"])
        opened += want is not None
        if got != want:
            faults += 1
            print(f"{case['name']}: got {got!r}, want {want!r}")
    if faults or not cases:
        sys.exit(f"{faults} of {len(cases)} cases differ")
    print(f"{len(cases)} cases, {opened} to open and {len(cases) - opened} to refuse: all agree")


if __name__ == "__main__":
    main()
