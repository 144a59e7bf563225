"""The groups of captures: certificates that clients refuse, certificates that servers ask for, offers that do not meet, names, what is
not TLS, closes and silence, stories of several connections, and what must not be taken for a failure."""
from certificates_refused import server_certificates
from client_certificates import client_certificates
from negotiations import negotiations
from others import browsers, closes, names_and_faults, no_failures, starttls_and_proxies, text_to_tls

ALL = {
    "server-certificates": server_certificates, "client-certificates": client_certificates, "negotiations": negotiations, "closes": closes,
    "text-to-tls": text_to_tls, "names": names_and_faults, "no-failures": no_failures, "starttls": starttls_and_proxies, "browsers": browsers,
}
