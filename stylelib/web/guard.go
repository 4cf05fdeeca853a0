package web

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// prepare makes what a page needs to be served.
func (p *Page) prepare() {
	p.token = rand.Text()
	p.starting, p.foreseeing = make(chan struct{}, 1), make(chan struct{}, 1)
}

// policy lets the page load what comes with it and nothing else; no other page may frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// address is where the page is, with its token.
func (p *Page) address(listener net.Addr) string {
	at := url.URL{Scheme: "http", Host: listener.String(), Path: "/"}
	if p.Behind != nil {
		at.Path = p.Behind.Path
		if p.Behind.Host != "" {
			at = *p.Behind
		}
	}
	return at.JoinPath(p.token).String() + "/"
}

// trusts says whether a page of an origin, "" where the browser names none, may ask, at this host.
func (p *Page) trusts(origin, host string) bool {
	return origin == "" || origin == "http://"+host || p.Behind != nil && p.Behind.Host != "" && origin == p.Behind.Scheme+"://"+p.Behind.Host
}

// guard answers only who is on this machine and has the token, which is the first part of the path, or the first after that of a proxy. A name
// other than this machine's, or the proxy's, is of a page that made its own name point here (DNS rebinding).
func (p *Page) guard(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if p.Behind != nil && p.Behind.Host != "" {
		_ = protection.AddTrustedOrigin(p.Behind.Scheme + "://" + p.Behind.Host) // it was read as one
	}
	sameOrigin := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			w.Header().Set(name, value)
		}
		path := r.URL.Path
		if p.Behind != nil {
			path = strings.TrimPrefix(path, strings.TrimSuffix(p.Behind.Path, "/"))
		}
		token, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		switch {
		case !ours(r.Host) && !(p.Behind != nil && strings.EqualFold(r.Host, p.Behind.Host)):
			http.Error(w, "this page is for 127.0.0.1 only: behind a proxy, give its address as -base-path", http.StatusForbidden)
		case !p.trusts(r.Header.Get("Origin"), r.Host):
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
