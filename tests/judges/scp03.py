# SPDX-License-Identifier: Apache-2.0
"""yubikit's SCP03 client against the issuer security domain of the phone's element, over PC/SC.

It knows nothing of Mitome: what it accepts is what GlobalPlatform's Amendment D says.
"""
import os
import sys

from smartcard.System import readers
from ykman.pcsc import ScardSmartCardConnection
from yubikit.core import BadResponseError
from yubikit.core.smartcard import ApduError
from yubikit.core.smartcard.scp import KeyRef, Scp03KeyParams, StaticKeys
from yubikit.securitydomain import SecurityDomainSession

passed = failed = 0


def check(name, holds):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print("FAILED:", name)


def refused(name, action):
    try:
        action()
    except (ApduError, ValueError, BadResponseError):
        check(name, True)
    else:
        check(name, False)


open_connections = []


def connect():
    """One at a time: the end of a connection resets the card under every other one."""
    while open_connections:
        open_connections.pop().close()
    wanted = os.environ["MITOME_PHONE_READER"]
    reader = next(r for r in readers() if r.name == wanted)
    connection = reader.createConnection()
    connection.connect()
    open_connections.append(ScardSmartCardConnection(connection))
    return open_connections[-1]


def keys(prefix="MITOME_SCP_"):
    return StaticKeys(*(bytes.fromhex(os.environ[prefix + name]) for name in ("ENC", "MAC", "DEK")))


version = int(os.environ["MITOME_SCP_KVN"], 16)
ours = Scp03KeyParams(KeyRef(0x01, version), keys())

session = SecurityDomainSession(connect())
listed = session.get_key_information()
check("the keyset is listed", any(ref.kvn == version for ref in listed))
check("recognition data is there", len(session.get_card_recognition_data()) > 0)

session.authenticate(ours)
check("administration data is read inside the channel", len(session.get_data(0x66)) > 0)

fresh = StaticKeys(os.urandom(16), os.urandom(16), os.urandom(16))
session.put_key(KeyRef(0x01, 0x31), fresh)
second = SecurityDomainSession(connect())
second.authenticate(Scp03KeyParams(KeyRef(0x01, 0x31), fresh))
check("a second keyset opens a channel", len(second.get_data(0x66)) > 0)
check("both are listed", {version, 0x31} <= {ref.kvn for ref in second.get_key_information()})

newer = StaticKeys(os.urandom(16), os.urandom(16), os.urandom(16))
second.put_key(KeyRef(0x01, 0x31), newer, 0x31)
third = SecurityDomainSession(connect())
refused("the replaced keys open nothing",
        lambda: third.authenticate(Scp03KeyParams(KeyRef(0x01, 0x31), fresh)))
third = SecurityDomainSession(connect())
third.authenticate(Scp03KeyParams(KeyRef(0x01, 0x31), newer))

wrong = StaticKeys(bytes(16), bytes(16), bytes(16))
stranger = SecurityDomainSession(connect())
refused("wrong keys open nothing", lambda: stranger.authenticate(Scp03KeyParams(KeyRef(0x01, version), wrong)))
stranger = SecurityDomainSession(connect())
refused("no key is put without a channel", lambda: stranger.protocol.send_apdu(0x80, 0xD8, 0x00, 0x81, bytes(8)))

last = SecurityDomainSession(connect())
last.authenticate(ours)
last.delete_key(kvn=0x31)
check("the second keyset is gone", 0x31 not in {ref.kvn for ref in last.get_key_information()})

print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
