package web

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// prepare makes what a page needs to be served.
func (p *Page) prepare() {
	p.token = rand.Text()
	p.starting = make(chan struct{}, 1)
	p.runner.state.changed = make(chan struct{})
	p.runner.state.Phase = idle
}

// policy lets the page load what comes with it and nothing else; no other page may frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard answers only who is on this machine and has the token, which is the first part of the path. A name other than this
// machine's is of a page that made its own name point here (DNS rebinding).
func (p *Page) guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			w.Header().Set(name, value)
		}
		token, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		origin := r.Header.Get("Origin")
		switch {
		case !ours(r.Host):
			http.Error(w, "this page is for 127.0.0.1 only", http.StatusForbidden)
		case origin != "" && origin != "http://"+r.Host:
			http.Error(w, "another page has no business here", http.StatusForbidden)
		case subtle.ConstantTimeCompare([]byte(token), []byte(p.token)) != 1:
			http.Error(w, "the address of this page, with its token, is where stylize was started", http.StatusForbidden)
		default:
			inside := r.Clone(r.Context())
			inside.URL.Path, inside.URL.RawPath = "/"+rest, ""
			sameOrigin.ServeHTTP(w, inside)
		}
	})
}

// ours says whether a request was meant for this machine. Its port may be another's, that of a tunnel.
func ours(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "127.0.0.1" || host == "localhost"
}
