# A TLS client on Perl's IO::Socket::SSL:  perl request.pl ADDRESS PORT NAME CA VERSION
use strict;
use warnings;
use IO::Socket::SSL;
my ($address, $port, $name, $ca, $version) = @ARGV;
my $socket = IO::Socket::SSL->new(
    PeerAddr => $address, PeerPort => $port, SSL_hostname => $name, SSL_verifycn_name => $name, SSL_verifycn_scheme => 'http',
    SSL_ca_file => $ca, SSL_version => $version, Timeout => 5) or die "client: $SSL_ERROR\n";
print $socket "GET / HTTP/1.0\r\n\r\n";
my @answer = <$socket>;
close $socket;
