#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Debian's Thunderbird without a person or a screen:

    thunderbird.py profile DIR CA ACCOUNT…   makes a profile in the new folder DIR
    thunderbird.py run DIR SCRIPT            starts it, runs SCRIPT, ends it
    thunderbird.py same MBOX MAILDIR         fails unless both hold the same
                                             messages, octet for octet

An ACCOUNT is KIND:SECURITY:PORT:USER[:NAME=VALUE,…] on 127.0.0.1; KIND is pop3,
imap or smtp, SECURITY starttls or tls, and each NAME is a setting of the account
itself (mail.server.serverN.NAME).  The password is "secret".  CA is a file with the
certificate to trust.  SCRIPT is the body of an asynchronous JavaScript function
with the privileges of Thunderbird; what it returns is printed as JSON.  The
profile is prefs.js, logins.json, key4.db and cert9.db; the script goes through
Marionette, the remote control that Thunderbird has built in."""
import base64
import ctypes
import glob
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid

PASSWORD = 'secret'
DEADLINE = 120         # seconds for a start, and for a script

# No first-run pages, no updates, no telemetry, nothing asked of the internet.
QUIET = {
    'app.donation.eoy.version.viewed': 999,
    'app.normandy.enabled': False,
    'app.update.enabled': False,
    'browser.cache.disk.enable': False,
    'calendar.timezone.local': 'UTC',
    'datareporting.healthreport.uploadEnabled': False,
    'datareporting.policy.dataSubmissionEnabled': False,
    'datareporting.policy.dataSubmissionPolicyBypassNotification': True,
    'extensions.update.enabled': False,
    'extensions.systemAddon.update.enabled': False,
    'mail.biff.show_alert': False,
    'mail.biff.play_sound': False,
    'mail.inappnotifications.enabled': False,
    'mail.instrumentation.postUrl': '',
    'mail.provider.suppress_dialog_on_startup': True,
    'mail.rights.version': 1,
    'mail.server.default.autosync_offline_stores': True,
    'mail.shell.checkDefaultClient': False,
    'mail.spam.version': 1,
    'mail.spotlight.firstRunDone': True,
    'mailnews.start_page.enabled': False,
    'mailnews.start_page_override.mstone': 'ignore',
    'network.proxy.type': 0,
    'services.settings.server': 'http://127.0.0.1:9/',
    'toolkit.telemetry.enabled': False,
    'toolkit.telemetry.server': '',
    'toolkit.telemetry.unified': False,
}


# ----------------------------------------------------------------- the profile

class SecItem(ctypes.Structure):
    _fields_ = [('type', ctypes.c_uint), ('data', ctypes.c_void_p),
                ('len', ctypes.c_uint)]


def sealed(folder, texts):
    """The texts as logins.json has them, by the key in the folder's key4.db."""
    nss = ctypes.CDLL('libnss3.so')
    if nss.NSS_InitReadWrite(f'sql:{folder}'.encode()):
        raise SystemExit('thunderbird.py: no key4.db')
    result = []
    for text in texts:
        data = ctypes.create_string_buffer(text.encode(), len(text.encode()))
        inside = SecItem(0, ctypes.cast(data, ctypes.c_void_p), len(data))
        key, out = SecItem(0, None, 0), SecItem(0, None, 0)
        if nss.PK11SDR_Encrypt(ctypes.byref(key), ctypes.byref(inside),
                               ctypes.byref(out), None):
            raise SystemExit('thunderbird.py: PK11SDR_Encrypt failed')
        result.append(base64.b64encode(
            ctypes.string_at(out.data, out.len)).decode())
    nss.NSS_Shutdown()
    return result


def logins(folder, places):
    """logins.json: the password for each (URL, user)."""
    rows = []
    for url, user in places:
        name, password = sealed(folder, [user, PASSWORD])
        rows.append({
            'id': len(rows) + 1, 'hostname': url, 'httpRealm': url,
            'formSubmitURL': None, 'usernameField': '', 'passwordField': '',
            'encryptedUsername': name, 'encryptedPassword': password,
            'guid': '{%s}' % uuid.uuid4(), 'encType': 1,
            'timeCreated': 1, 'timeLastUsed': 1, 'timePasswordChanged': 1,
            'timesUsed': 1})
    return {'nextId': len(rows) + 1, 'logins': rows, 'version': 3}


def value(text):
    """VALUE of an account's setting: a number, a truth, or a text."""
    if text in ('true', 'false'):
        return text == 'true'
    return int(text) if text.lstrip('-').isdigit() else text


def incoming(prefs, n, kind, security, port, user, own):
    """A POP3 or IMAP account and its identity, which sends as the user."""
    server = f'mail.server.server{n}'
    for name, what in {
            'type': kind, 'hostname': '127.0.0.1', 'port': int(port),
            'userName': user, 'name': user, 'authMethod': 3,
            'socketType': 2 if security == 'starttls' else 3,
            'login_at_startup': True, 'check_new_mail': True,
            'download_on_biff': True, 'check_time': 10,
            'directory-rel': f'[ProfD]Mail{n}'}.items():
        prefs[f'{server}.{name}'] = what
    for name, what in own.items():
        prefs[f'{server}.{name}'] = what
    prefs[f'mail.account.account{n}.server'] = f'server{n}'
    prefs[f'mail.account.account{n}.identities'] = f'id{n}'
    prefs[f'mail.identity.id{n}.useremail'] = user
    prefs[f'mail.identity.id{n}.fullName'] = 'Somebody'
    prefs[f'mail.identity.id{n}.smtpServer'] = 'smtp1'
    prefs[f'mail.identity.id{n}.valid'] = True
    return 'mailbox' if kind == 'pop3' else kind


def outgoing(prefs, security, port, user, own):
    """The one server that messages are sent by."""
    for name, what in {
            'hostname': '127.0.0.1', 'port': int(port), 'username': user,
            'type': 'smtp', 'authMethod': 3,
            'try_ssl': 2 if security == 'starttls' else 3}.items():
        prefs[f'mail.smtpserver.smtp1.{name}'] = what
    for name, what in own.items():
        prefs[f'mail.smtpserver.smtp1.{name}'] = what
    prefs['mail.smtpservers'] = prefs['mail.smtp.defaultserver'] = 'smtp1'
    return 'smtp'


def profile(folder, ca, *accounts):
    os.makedirs(folder, 0o700)
    prefs = dict(QUIET)
    places = []
    names = []
    for text in accounts:
        kind, security, port, user, own = (text + ':').split(':')[:5]
        own = {k: value(v) for k, v in
               (pair.split('=') for pair in own.split(',') if pair)}
        if kind == 'smtp':
            scheme = outgoing(prefs, security, port, user, own)
        else:
            names.append(f'account{len(names) + 1}')
            scheme = incoming(prefs, len(names), kind, security, port, user,
                              own)
        places.append((f'{scheme}://127.0.0.1', user))
    local = f'server{len(names) + 1}'
    prefs |= {
        f'mail.account.account{len(names) + 1}.server': local,
        f'mail.server.{local}.type': 'none',
        f'mail.server.{local}.hostname': 'Local Folders',
        f'mail.server.{local}.userName': 'nobody',
        f'mail.server.{local}.name': 'Local Folders',
        f'mail.server.{local}.directory-rel': '[ProfD]Local',
        'mail.accountmanager.localfoldersserver': local,
        'mail.accountmanager.defaultaccount': 'account1',
        'mail.accountmanager.accounts':
            ','.join(names + [f'account{len(names) + 1}'])}
    with open(f'{folder}/prefs.js', 'w', encoding='utf-8') as f:
        for name, what in prefs.items():
            f.write(f'user_pref({json.dumps(name)}, {json.dumps(what)});\n')
    subprocess.run(['certutil', '-N', '-d', f'sql:{folder}',
                    '--empty-password'], check=True)
    subprocess.run(['certutil', '-A', '-d', f'sql:{folder}', '-n', 'ours',
                    '-t', 'CT,,', '-i', ca], check=True)
    with open(f'{folder}/logins.json', 'w', encoding='utf-8') as f:
        json.dump(logins(folder, places), f)


# ---------------------------------------------------------- the remote control

class Marionette:
    """The protocol: "LENGTH:JSON" both ways; [0, id, command, parameters] is
    answered by [1, id, error, result]."""

    def __init__(self, port):
        self.number = 0
        self.sock = socket.create_connection(('127.0.0.1', port), 5)
        self.sock.settimeout(DEADLINE)
        self.read()

    def read(self):
        size = b''
        while not size.endswith(b':'):
            octet = self.sock.recv(1)
            if not octet:
                raise EOFError
            size += octet
        rest, got = int(size[:-1]), b''
        while len(got) < rest:
            piece = self.sock.recv(rest - len(got))
            if not piece:
                raise EOFError
            got += piece
        return json.loads(got)

    def ask(self, command, **parameters):
        self.number += 1
        text = json.dumps([0, self.number, command, parameters]).encode()
        self.sock.sendall(b'%d:%s' % (len(text), text))
        _, _, error, result = self.read()
        if error:
            raise SystemExit(f'{command}: {error["error"]}: {error["message"]}')
        return result


def connected(port, process):
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until and process.poll() is None:
        try:
            return Marionette(port)
        except (OSError, EOFError):
            time.sleep(0.1)
    raise SystemExit('thunderbird.py: it does not start')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


# What scripts have: the services, and waiting for a condition.
PRELUDE = '''
const { MailServices } = ChromeUtils.importESModule(
    "resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule(
    "resource://gre/modules/Timer.sys.mjs");
const [deadline] = arguments;
async function until(what, condition) {
    for (let end = Date.now() + deadline; Date.now() < end;) {
        const got = await condition();
        if (got) return got;
        await new Promise(done => setTimeout(done, 100));
    }
    throw new Error("waited in vain for " + what);
}
function account(n = 1) {
    return MailServices.accounts.getAccount("account" + n);
}
function folder(name, n = 1) {
    return name.split("/").reduce((at, part) => at.getChildNamed(part),
        account(n).incomingServer.rootFolder);
}
'''


def run(folder, script):
    port = free_port()
    with open(f'{folder}/user.js', 'w', encoding='utf-8') as f:
        f.write(f'user_pref("marionette.port", {port});\n')
    with open(f'{folder}/out', 'ab') as out:
        process = subprocess.Popen(
            ['/usr/lib/thunderbird/thunderbird', '--headless', '--no-remote',
             '--profile', folder, '--marionette',
             '--remote-allow-system-access'],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
            env=os.environ | {'HOME': folder, 'MOZ_CRASHREPORTER_DISABLE': '1'})
    try:
        m = connected(port, process)
        m.ask('WebDriver:NewSession', capabilities={})
        m.ask('Marionette:SetContext', value='chrome')
        m.ask('WebDriver:SetTimeouts', script=DEADLINE * 1000)
        result = m.ask('WebDriver:ExecuteAsyncScript', args=[
            (DEADLINE - 20) * 1000], script=PRELUDE +
            'const done = arguments[arguments.length - 1];'
            '(async () => {' + script + '})().then('
            'v => done({ value: v === undefined ? null : v }),'
            'e => done({ error: String(e) + " " + (e.stack || "") }));')['value']
        m.ask('Marionette:Quit', flags=['eAttemptQuit'])
        process.wait(DEADLINE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if 'error' in result:
        raise SystemExit(f'thunderbird.py: {result["error"]}')
    print(json.dumps(result['value'], ensure_ascii=False))


# -------------------------------------------------------- what is in its files

def in_mbox(name):
    """The messages of a mailbox of Thunderbird's: it puts fields of its own in
    front, and ">" before a line that looks like the start of a message."""
    with open(name, 'rb') as f:
        pieces = re.split(rb'(?m)^From .*\n',
                          f.read().replace(b'\r\n', b'\n'))[1:]
    for piece in pieces:
        text = re.sub(rb'\A(?:X-(?:Account-Key|UIDL|Mozilla-[A-Za-z0-9]+):'
                      rb'.*\n)*', b'', piece)
        yield re.sub(rb'(?m)^>(>*From )', rb'\1', text)


def same(mbox, maildir):
    theirs = sorted(m.rstrip(b'\n') for m in in_mbox(mbox))
    ours = []
    for name in glob.glob(f'{glob.escape(maildir)}/new/*') + glob.glob(
            f'{glob.escape(maildir)}/cur/*'):
        with open(name, 'rb') as f:
            ours.append(f.read().replace(b'\r\n', b'\n').rstrip(b'\n'))
    ours.sort()
    for a, b in zip(theirs, ours):
        if a != b:
            n = next((i for i in range(min(len(a), len(b))) if a[i] != b[i]),
                     min(len(a), len(b)))
            raise SystemExit(f'theirs {a[max(n - 60, 0):n + 60]!r}\n'
                             f'ours   {b[max(n - 60, 0):n + 60]!r}')
    if len(theirs) != len(ours):
        raise SystemExit(f'{len(theirs)} messages there, {len(ours)} here')


if __name__ == '__main__':
    if len(sys.argv) > 4 and sys.argv[1] == 'profile':
        profile(*sys.argv[2:])
    elif len(sys.argv) == 4 and sys.argv[1] == 'run':
        run(*sys.argv[2:])
    elif len(sys.argv) == 4 and sys.argv[1] == 'same':
        same(*sys.argv[2:])
    else:
        raise SystemExit(__doc__)
