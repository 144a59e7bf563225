// A TLS client and server on Node.js, for captures of failures that other stacks make differently.
//
//   node peer.js client|server '{"port":443, ...}'     options of tls.connect and tls.createServer; files where they take PEM
'use strict';
const tls = require('tls');
const fs = require('fs');

const [role, words] = process.argv.slice(2);
const options = JSON.parse(words);
for (const name of ['cert', 'key', 'ca', 'crl']) if (options[name]) options[name] = fs.readFileSync(options[name]);

// one connection after the other, so that the later ones can take up the session of the first
function connect(left, session) {
  const socket = tls.connect({ ...options, session });
  let next = session;
  socket.on('session', (given) => { next = given; });
  socket.on('secureConnect', () => {
    if (options.quiet) setTimeout(() => socket.end(), 100);
    else socket.write('GET / HTTP/1.0\r\n\r\n');
  });
  socket.on('data', () => {});
  socket.on('end', () => socket.end());
  socket.on('error', (error) => console.error('client:', error.code || error.message));
  socket.on('close', () => { if (left > 1) setTimeout(connect, 50, left - 1, next); });
}

if (role === 'client') {
  connect(options.times || 1);
} else {
  if (options.onlyName) {
    const context = tls.createSecureContext(options);
    options.SNICallback = (name, done) => (name === options.onlyName ? done(null, context) : done(new Error('no such name')));
  }
  tls.createServer(options, (socket) => {
    socket.on('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nhello\n'));
    socket.on('error', () => {});
  }).on('tlsClientError', (error) => console.error('server:', error.code || error.message)).listen(options.port);
}
