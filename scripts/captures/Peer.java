import java.io.FileInputStream;
import java.net.Socket;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
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
 * PROTOCOLS and SUITES are lists in JSSE's names with commas, `-` is JSSE's choice. Properties:
 *
 *   peer.roots=FILE.pem   check the other side's certificate against these, a client the name too; a server demands a certificate
 *   peer.key=FILE.p12     the client's certificate
 *   peer.suites=LIST      suites, where the words leave the choice
 *   peer.alpn=LIST        protocols
 *   peer.name=NAME        the one name that the server serves
 *   peer.nokey=yes        a server without a certificate
 *   peer.close=MS         a client that closes so long after it has begun
 */
class Peer {
    public static void main(String[] words) throws Exception {
        for (String use : List.of("tls.disabledAlgorithms", "tls.legacyAlgorithms", "certpath.disabledAlgorithms"))
            Security.setProperty("jdk." + use, "");
        if (words[0].equals("server")) server(Integer.parseInt(words[1]), words[2], words[3], words[4]);
        else client(words[1], Integer.parseInt(words[2]), words[3], words[4], words[5], Integer.parseInt(words[6]));
    }

    static String option(String name) {
        return System.getProperty("peer." + name);
    }

    static KeyManager[] keys(String file) throws Exception {
        if (file == null) return null;
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(file), "secret".toCharArray());
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, "secret".toCharArray());
        return keys.getKeyManagers();
    }

    static TrustManager[] roots() throws Exception {
        if (option("roots") == null) return new TrustManager[] {new Trusting()};
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(new FileInputStream(option("roots"))))
            store.setCertificateEntry("root" + store.size(), root);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store);
        return trust.getTrustManagers();
    }

    /** What both sides are told to speak. */
    static SSLParameters spoken(SSLParameters parameters, String protocols, String suites) {
        if (!protocols.equals("-")) parameters.setProtocols(protocols.split(","));
        if (!suites.equals("-")) parameters.setCipherSuites(suites.split(","));
        else if (option("suites") != null) parameters.setCipherSuites(option("suites").split(","));
        if (option("alpn") != null) parameters.setApplicationProtocols(option("alpn").split(","));
        return parameters;
    }

    static void server(int port, String file, String protocols, String suites) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys(option("nokey") == null ? file : null), roots(), null);
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port);
        SSLParameters parameters = spoken(listener.getSSLParameters(), protocols, suites);
        parameters.setNeedClientAuth(option("roots") != null);
        if (option("name") != null) parameters.setSNIMatchers(List.of(SNIHostName.createSNIMatcher(option("name"))));
        listener.setSSLParameters(parameters);
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
        context.init(keys(option("key")), roots(), new SecureRandom());
        for (int i = 0; i < connections; i++) {
            try (Socket plain = new Socket(address, port); SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, name, port, true)) {
                SSLParameters parameters = spoken(socket.getSSLParameters(), protocols, suites);
                if (option("roots") != null) parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
                if (option("close") != null) closeLater(socket);
                socket.getOutputStream().write("hello\n".getBytes());
                while (socket.getInputStream().read() >= 0) {}
                System.err.println(socket.getSession());
            }
        }
    }

    static void closeLater(Socket socket) {
        Thread thread = new Thread(() -> {
            try {
                Thread.sleep(Integer.getInteger("peer.close"));
                socket.close();
            } catch (Exception error) {
                System.err.println(error);
            }
        });
        thread.setDaemon(true);
        thread.start();
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
