import java.io.FileInputStream;
import java.net.Socket;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.*;

/**
 * A TLS client and server on JSSE, for the captures that need what the other stacks have given up: SSL 3.0, the ClientHello of
 * SSL 2.0, RC4, export suites.
 *
 *   Peer server PORT STORE.p12 PROTOCOLS SUITES
 *   Peer client ADDRESS PORT NAME PROTOCOLS SUITES CONNECTIONS
 *
 * PROTOCOLS and SUITES are lists in JSSE's names with commas, `-` is JSSE's choice.
 */
class Peer {
    public static void main(String[] words) throws Exception {
        for (String use : List.of("tls.disabledAlgorithms", "tls.legacyAlgorithms", "certpath.disabledAlgorithms"))
            Security.setProperty("jdk." + use, "");
        if (words[0].equals("server")) server(Integer.parseInt(words[1]), words[2], words[3], words[4]);
        else client(words[1], Integer.parseInt(words[2]), words[3], words[4], words[5], Integer.parseInt(words[6]));
    }

    static void server(int port, String file, String protocols, String suites) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(file), "secret".toCharArray());
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, "secret".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port);
        if (!protocols.equals("-")) listener.setEnabledProtocols(protocols.split(","));
        if (!suites.equals("-")) listener.setEnabledCipherSuites(suites.split(","));
        while (true) {
            try (Socket socket = listener.accept()) {
                byte[] line = new byte[64];
                int length = socket.getInputStream().read(line);
                socket.getOutputStream().write(line, 0, Math.max(length, 0));
            } catch (Exception error) {
                System.err.println(error);
            }
        }
    }

    static void client(String address, int port, String name, String protocols, String suites, int connections) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, new SecureRandom());
        for (int i = 0; i < connections; i++) {
            try (Socket plain = new Socket(address, port); SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, name, port, true)) {
                if (!protocols.equals("-")) socket.setEnabledProtocols(protocols.split(","));
                if (!suites.equals("-")) socket.setEnabledCipherSuites(suites.split(","));
                socket.getOutputStream().write("hello\n".getBytes());
                while (socket.getInputStream().read() >= 0) {}
                System.err.println(socket.getSession());
            }
        }
    }

    /** What is refused and why belongs to other families: these captures are about versions and suites. */
    static class Trusting extends X509ExtendedTrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String type) {}
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }
}
