import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

/**
 * A TLS client and server on JSSE that check certificates as JSSE does by default, for captures of failures.
 *
 *   Jsse client|server KEY=VALUE...    address port name ca store (PKCS12, password "secret") protocols suites alpn need want crl sni=no
 */
class Jsse {
    public static void main(String[] words) throws Exception {
        Map<String, String> given = new HashMap<>();
        for (String word : words) if (word.contains("=")) given.put(word.substring(0, word.indexOf('=')), word.substring(word.indexOf('=') + 1));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys(given.get("store")), trust(given.get("ca"), given.get("crl")), null);
        int port = Integer.parseInt(given.getOrDefault("port", "443"));
        if (words[0].equals("server")) server(context, port, given);
        else client(context, port, given);
    }

    static KeyManager[] keys(String file) throws Exception {
        if (file == null) return null;
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(file), "secret".toCharArray());
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(store, "secret".toCharArray());
        return factory.getKeyManagers();
    }

    static TrustManager[] trust(String file, String crl) throws Exception {
        if (file == null) return null;
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int number = 0;
        for (java.security.cert.Certificate root : certificates.generateCertificates(new FileInputStream(file)))
            store.setCertificateEntry("root" + number++, root);
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        if (crl == null) {
            factory.init(store);
        } else {
            PKIXBuilderParameters rules = new PKIXBuilderParameters(store, new X509CertSelector());
            rules.setRevocationEnabled(true);
            rules.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(certificates.generateCRLs(new FileInputStream(crl)))));
            factory.init(new CertPathTrustManagerParameters(rules));
        }
        return factory.getTrustManagers();
    }

    static SSLParameters parameters(SSLParameters rules, Map<String, String> given) {
        if (given.containsKey("protocols")) rules.setProtocols(given.get("protocols").split(","));
        if (given.containsKey("suites")) rules.setCipherSuites(given.get("suites").split(","));
        if (given.containsKey("alpn")) rules.setApplicationProtocols(given.get("alpn").split(","));
        if (given.containsKey("need")) rules.setNeedClientAuth(true);
        if (given.containsKey("want")) rules.setWantClientAuth(true);
        return rules;
    }

    static void client(SSLContext context, int port, Map<String, String> given) throws Exception {
        int times = Integer.parseInt(given.getOrDefault("times", "1"));
        for (int i = 0; i < times; i++) {
            Socket plain = new Socket(given.get("address"), port);
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, given.get("name"), port, true)) {
                SSLParameters rules = parameters(socket.getSSLParameters(), given);
                if (!given.containsKey("nocheck")) rules.setEndpointIdentificationAlgorithm("HTTPS");
                if ("no".equals(given.get("sni"))) rules.setServerNames(List.of());
                socket.setSSLParameters(rules);
                socket.setSoTimeout(8000);
                socket.startHandshake();
                socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
                int bytes = 0;
                while (socket.getInputStream().read() >= 0) bytes++;
                System.err.println("client: " + bytes + " bytes");
            } catch (IOException error) {
                System.err.println("client: " + error);
            }
        }
    }

    static void server(SSLContext context, int port, Map<String, String> given) throws Exception {
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(port);
        SSLParameters rules = parameters(listener.getSSLParameters(), given);
        if (given.containsKey("only")) rules.setSNIMatchers(List.of(SNIHostName.createSNIMatcher(given.get("only"))));
        listener.setSSLParameters(rules);
        while (true) {
            try (SSLSocket socket = (SSLSocket) listener.accept()) {
                socket.setSoTimeout(8000);
                socket.getInputStream().read(new byte[4096]);
                socket.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nhello\n".getBytes());
            } catch (IOException error) {
                System.err.println("server: " + error);
            }
        }
    }
}
