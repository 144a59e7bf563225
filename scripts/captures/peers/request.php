<?php
// A TLS client on PHP's streams:  php request.php ADDRESS PORT NAME CA [METHOD]
[, $address, $port, $name, $ca] = $argv;
$context = stream_context_create(['ssl' => ['cafile' => $ca, 'peer_name' => $name, 'SNI_enabled' => true]]);
$socket = @stream_socket_client(($argv[5] ?? 'tls') . "://$address:$port", $code, $error, 5, STREAM_CLIENT_CONNECT, $context);
if (!$socket) { fwrite(STDERR, 'client: ' . (error_get_last()['message'] ?? $error) . "\n"); exit(1); }
fwrite($socket, "GET / HTTP/1.0\r\n\r\n");
stream_get_contents($socket);
fclose($socket);
