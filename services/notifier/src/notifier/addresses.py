"""E-mail addresses."""

import re
from email.utils import getaddresses

# RFC 5322, 3.4.1: a dot-atom, and RFC 1123, 2.1: labels of letters, digits and inner hyphens. The
# quoted forms are left out: an address with white space or `@` in them is a mistake, mostly.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_address(text: str) -> bool:
    """Return whether a text is one e-mail address that every mail server reads alike."""
    return _ADDRESS.fullmatch(text) is not None


def address_of(sender: str) -> str:
    """Return the address of a sender, who may have a display name: `Taskway <t@example.com>`.

    Raises:
        ValueError: It is not one address.
    """
    addresses = [address for _, address in getaddresses([sender])]
    if len(addresses) != 1 or not is_address(addresses[0]) or not sender.isprintable():
        raise ValueError("give an e-mail address, such as `Taskway <taskway@example.com>`")
    return addresses[0]
