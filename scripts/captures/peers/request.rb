# A TLS client on Ruby's openssl:  ruby request.rb ADDRESS PORT NAME CA [VERSION]
require 'openssl'
require 'socket'
address, port, name, ca, version = ARGV
context = OpenSSL::SSL::SSLContext.new
context.set_params(ca_file: ca, verify_mode: OpenSSL::SSL::VERIFY_PEER)
context.min_version = context.max_version = version == '1.2' ? OpenSSL::SSL::TLS1_2_VERSION : OpenSSL::SSL::TLS1_3_VERSION if version
socket = OpenSSL::SSL::SSLSocket.new(TCPSocket.new(address, port.to_i), context)
socket.hostname = name
begin
  socket.connect
  socket.post_connection_check(name)
  socket.write("GET / HTTP/1.0\r\n\r\n")
  socket.read
rescue StandardError => error
  warn "client: #{error.message}"
end
socket.close
socket.io.close
