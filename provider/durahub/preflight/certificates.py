"""A certificate chain and its key: whether they can be read, belong together, and are in their time.

And the authorities of client certificates: whether there is one by which a client can still get in.
"""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from durahub.errors import BadCertificate

SOON = timedelta(days=14)


def check_certificate(chain: Path, key: Path, now: datetime) -> str:
    """Return what a certificate says of itself. Raises `BadCertificate`. *now* has a time zone."""
    certificate = _certificates(chain)[0]
    try:
        private = load_pem_private_key(_read(key), password=None)
    except (ValueError, TypeError):
        raise BadCertificate(
            str(key), "no private key in PEM without a password stands in it"
        ) from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise BadCertificate(str(key), f"it is not the key of the certificate in {chain}")
    problem = _out_of_time(certificate, now)
    if problem:
        raise BadCertificate(str(chain), problem)
    return _until(certificate, now)


def check_authorities(file: Path, now: datetime) -> str:
    """Return until when client certificates can be told by the authorities in *file*.

    Raises `BadCertificate` where none of them is in its time; one that is not any more may stay there.
    """
    authorities = _certificates(file)
    problems = [(one, _out_of_time(one, now)) for one in authorities]
    good = [one for one, problem in problems if not problem]
    if not good:
        raise BadCertificate(str(file), problems[-1][1])
    last = max(good, key=lambda one: one.not_valid_after_utc)
    past = len(authorities) - len(good)
    more = f"; {past} of {len(authorities)} in it are out of their time" if past else ""
    return f"{_until(last, now)}{more}"


def _out_of_time(certificate: x509.Certificate, now: datetime) -> str:
    """Return what keeps a certificate from being valid *now*, ``""`` for nothing."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        return f"the certificate is valid from {begins:%Y-%m-%d %H:%M} on"
    if now >= ends:
        return f"the certificate was valid until {ends:%Y-%m-%d %H:%M}"
    return ""


def _until(certificate: x509.Certificate, now: datetime) -> str:
    ends = certificate.not_valid_after_utc
    return f"valid until {ends:%Y-%m-%d}{'; renew it soon' if ends - now < SOON else ''}"


def _certificates(file: Path) -> list[x509.Certificate]:
    """Return the certificates in *file*, one at least. Raises `BadCertificate`."""
    try:
        found = x509.load_pem_x509_certificates(_read(file))
    except ValueError:
        found = []
    if not found:
        raise BadCertificate(str(file), "no certificate in PEM stands in it")
    return found


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadCertificate(str(file), f"it cannot be read ({error.strerror})") from None
