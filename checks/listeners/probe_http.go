package listeners

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// httpReply is the part of an HTTP answer that was read.
type httpReply struct {
	status int    // 0 = no HTTP
	rest   []byte // header and body
}

// get sends one request without a body and reads the answer's beginning.
func get(c *conversation, path string) httpReply {
	return exchange(c, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n")
}

func post(c *conversation, path, body string) httpReply {
	return exchange(c, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", path, len(body), body))
}

func exchange(c *conversation, request string) httpReply {
	if _, err := io.WriteString(c, request); err != nil {
		return httpReply{}
	}
	return readHTTP(readUntil(c, func([]byte) bool { return false }))
}

// readHTTP reads a status line (RFC 9112, 4).
func readHTTP(reply []byte) httpReply {
	line, rest, whole := bytes.Cut(reply, []byte("\n"))
	fields := bytes.SplitN(line, []byte(" "), 3)
	if !whole || len(fields) < 2 || !bytes.HasPrefix(fields[0], []byte("HTTP/1.")) {
		return httpReply{}
	}
	status, err := strconv.Atoi(string(bytes.TrimSpace(fields[1])))
	if err != nil || status < 100 || status > 599 {
		return httpReply{}
	}
	return httpReply{status, rest}
}

func (r httpReply) has(text string) bool { return bytes.Contains(r.rest, []byte(text)) }

// demandsTLS is what servers say to a request in clear on a port for TLS: Go's
// (net/http), nginx's, Jetty's and Netty's words.
func (r httpReply) demandsTLS() bool {
	return r.status == 400 && (r.has("HTTP request to an HTTPS server") || r.has("plain HTTP request was sent to HTTPS port"))
}

func (r httpReply) refused() bool { return r.status == 401 || r.status == 403 }

// askDocker asks /_ping, which the engine answers to whoever may use it.
func askDocker(c *conversation) answer { return readDocker(get(c, "/_ping")) }

func readDocker(r httpReply) answer {
	switch {
	case r.status == 0:
		return unclearAnswer("it does not answer, or not in HTTP")
	case r.demandsTLS():
		return answer{verdict: closed, detail: "Docker demands TLS"}
	case r.refused():
		return answer{verdict: closed, detail: "Docker refuses"}
	case r.status == 200 && (headerHas(r, "api-version:") || headerHas(r, "server: docker") || headerHas(r, "libpod-api-version:")):
		return answer{verdict: open, detail: "Docker's API answers in clear and asks for no certificate: who reaches it is root"}
	}
	return answer{verdict: other, detail: "its answer is not that of Docker"}
}

// headerHas finds a header line whatever its case.
func headerHas(r httpReply, start string) bool {
	header, _, _ := bytes.Cut(r.rest, []byte("\r\n\r\n"))
	for line := range bytes.Lines(header) {
		if len(line) >= len(start) && bytes.EqualFold(line[:len(start)], []byte(start)) {
			return true
		}
	}
	return false
}

// askEtcd asks which version it is, which needs no credential, and then how many
// keys of one name there are, which needs one once authentication is on.
func askEtcd(c *conversation) answer {
	version := get(c, "/version")
	gateway, a := readEtcdVersion(version)
	if gateway == "" {
		return a
	}
	return c.again(func(c *conversation) answer {
		if gateway == "/v2/keys" {
			return readEtcdKeys(get(c, gateway))
		}
		return readEtcdRange(post(c, gateway+"/kv/range", `{"key":"AA==","count_only":true,"serializable":true}`))
	})
}

// readEtcdVersion says where that version takes questions in JSON
// (etcd.io, "Why gRPC gateway").
func readEtcdVersion(r httpReply) (gateway string, a answer) {
	_, after, found := bytes.Cut(r.rest, []byte(`"etcdserver":"`))
	switch {
	case r.status == 0:
		return "", unclearAnswer("it does not answer, or not in HTTP")
	case r.demandsTLS():
		return "", unclearAnswer("it demands TLS")
	case r.refused():
		return "", answer{verdict: closed, detail: "etcd refuses"}
	case r.status != 200 || !found:
		return "", answer{verdict: other, detail: "its answer is not that of etcd"}
	}
	switch {
	case bytes.HasPrefix(after, []byte("2.")):
		return "/v2/keys", answer{}
	case bytes.HasPrefix(after, []byte("3.0.")), bytes.HasPrefix(after, []byte("3.1.")), bytes.HasPrefix(after, []byte("3.2.")):
		return "/v3alpha", answer{}
	case bytes.HasPrefix(after, []byte("3.3.")):
		return "/v3beta", answer{}
	}
	return "/v3", answer{}
}

var etcdOpen = answer{verdict: open, detail: "etcd gives its keys without a credential"}

func readEtcdRange(r httpReply) answer {
	switch {
	case r.status == 200 && r.has(`"header"`) && r.has("cluster_id"):
		return etcdOpen
	case r.refused(), r.status >= 400 && (r.has("user name is empty") || r.has("permission denied") || r.has("invalid auth token")):
		return answer{verdict: closed, detail: "etcd asks for a credential"}
	}
	return unclearAnswer("etcd does not tell whether it asks for a credential")
}

func readEtcdKeys(r httpReply) answer {
	switch {
	case r.status == 200 && r.has(`"action"`):
		return etcdOpen
	case r.refused():
		return answer{verdict: closed, detail: "etcd asks for a credential"}
	}
	return unclearAnswer("etcd does not tell whether it asks for a credential")
}

// askElastic asks for the health of the cluster, which needs the monitor privilege.
func askElastic(c *conversation) answer { return readElastic(get(c, "/_cluster/health?local=true")) }

func readElastic(r httpReply) answer {
	switch {
	case r.status == 0:
		return unclearAnswer("it does not answer, or not in HTTP")
	case r.demandsTLS():
		return unclearAnswer("it demands TLS")
	case r.refused():
		return answer{verdict: closed, detail: "Elasticsearch asks for a credential"}
	case (r.status == 200 || r.status == 408) && r.has(`"cluster_name"`) && r.has(`"number_of_nodes"`):
		return answer{verdict: open, detail: "Elasticsearch or OpenSearch answers without a credential"}
	case r.status == 503 || r.status == 429:
		return unclearAnswer("it is not ready to answer")
	}
	return answer{verdict: other, detail: "its answer is not that of Elasticsearch"}
}
