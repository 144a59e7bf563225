// A TLS client and server on Go's crypto/tls, for captures of failures that other stacks make differently.
//
//	peer client [OPTIONS] ADDRESS:PORT
//	peer server [OPTIONS] ADDRESS:PORT
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

var (
	chain    = flag.String("chain", "", "certificate chain, PEM")
	key      = flag.String("key", "", "its private key, PEM")
	ca       = flag.String("ca", "", "trusted roots, PEM; the server asks for a client certificate of these")
	optional = flag.Bool("optional", false, "server: a client may go without a certificate")
	name     = flag.String("name", "", "client: the server's name; server: the only name served")
	noSNI    = flag.Bool("no-sni", false, "client: sends no name and checks none")
	insecure = flag.Bool("insecure", false, "client: takes every certificate")
	lowest   = flag.String("min", "1.2", "lowest version")
	highest  = flag.String("max", "1.3", "highest version")
	suites   = flag.String("suites", "", "suites by number with commas, TLS 1.2 and before")
	groups   = flag.String("groups", "", "groups by number with commas")
	alpn     = flag.String("alpn", "", "protocols with commas")
	broken   = flag.Bool("broken", false, "server: fails to find its certificate")
	quiet    = flag.Bool("quiet", false, "client: finishes, says nothing, closes")
	times    = flag.Int("times", 1, "client: connections, one after the other, sharing sessions")
	wait     = flag.Duration("wait", 0, "server: time before it answers; client: time before it asks")
)

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func numbers(list string) (found []uint16) {
	for _, word := range strings.Split(list, ",") {
		if n, err := strconv.ParseUint(word, 0, 16); err == nil {
			found = append(found, uint16(n))
		}
	}
	return
}

func config() *tls.Config {
	c := &tls.Config{MinVersion: versions[*lowest], MaxVersion: versions[*highest], CipherSuites: numbers(*suites)}
	for _, group := range numbers(*groups) {
		c.CurvePreferences = append(c.CurvePreferences, tls.CurveID(group))
	}
	if *alpn != "" {
		c.NextProtos = strings.Split(*alpn, ",")
	}
	if *chain != "" {
		pair, err := tls.LoadX509KeyPair(*chain, *key)
		check(err)
		c.Certificates = []tls.Certificate{pair}
	}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		check(err)
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AppendCertsFromPEM(pem)
		c.ClientCAs = c.RootCAs
		c.ClientAuth = tls.RequireAndVerifyClientCert
		if *optional {
			c.ClientAuth = tls.VerifyClientCertIfGiven
		}
	}
	return c
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func client(address string) {
	c := config()
	c.ServerName = *name
	c.InsecureSkipVerify = *insecure || *noSNI
	if *noSNI {
		c.ServerName = ""
	}
	c.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for i := 0; i < *times; i++ {
		func() {
			socket, err := net.DialTimeout("tcp", address, 3*time.Second)
			check(err)
			conn := tls.Client(socket, c)
			defer conn.Close()
			socket.SetDeadline(time.Now().Add(8 * time.Second))
			if err := conn.Handshake(); err != nil {
				fmt.Fprintln(os.Stderr, "client:", err)
				socket.Close()
				return
			}
			if *quiet {
				time.Sleep(100 * time.Millisecond)
				return
			}
			time.Sleep(*wait)
			fmt.Fprintf(conn, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", *name)
			answer, err := io.ReadAll(conn)
			fmt.Fprintln(os.Stderr, "client:", len(answer), "bytes", err)
		}()
	}
}

func server(address string) {
	c := config()
	if *broken {
		c.Certificates = nil
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("the key store is away") }
	} else if *name != "" {
		pair := c.Certificates[0]
		c.Certificates = nil
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != *name {
				return nil, nil
			}
			return &pair, nil
		}
	}
	listener, err := net.Listen("tcp", address)
	check(err)
	for {
		socket, err := listener.Accept()
		check(err)
		go func() {
			conn := tls.Server(socket, c)
			defer conn.Close()
			socket.SetDeadline(time.Now().Add(20 * time.Second))
			buffer := make([]byte, 4096)
			if _, err := conn.Read(buffer); err != nil {
				fmt.Fprintln(os.Stderr, "server:", err)
				return
			}
			time.Sleep(*wait)
			fmt.Fprint(conn, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\n")
		}()
	}
}

func main() {
	role := os.Args[1]
	flag.CommandLine.Parse(os.Args[2:])
	if role == "client" {
		client(flag.Arg(0))
	} else {
		server(flag.Arg(0))
	}
}
