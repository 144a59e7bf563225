"""The groups of captures: certificates that clients refuse, certificates that servers ask for, offers that do not meet, names, what is
not TLS, closes and silence, stories of several connections, and what must not be taken for a failure."""
from certificates_refused import server_certificates
from negotiations import negotiations
from client_certificates import client_certificates

ALL = {"server-certificates": server_certificates, "client-certificates": client_certificates, "negotiations": negotiations}
