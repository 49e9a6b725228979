package serve

import (
	"errors"
	"net"
	"strings"
	"testing"
)

// Only what the machine alone can reach is listened at, if nothing else is allowed; and
// nothing is, not for an instant, that would be refused.
func TestListenKeepsToThisMachine(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "[::ffff:0.0.0.0]:0", "192.0.2.1:0", "[2001:db8::1]:0", "[fe80::1]:0"} {
		l, _, err := Listen(t.Context(), address, false)
		if _, ok := errors.AsType[*RemoteError](err); !ok {
			t.Errorf("%s: %v", address, err)
		}
		if l != nil {
			l.Close()
		}
	}
	for _, address := range []string{"", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "http://127.0.0.1:0", "no such host:0"} {
		if l, _, err := Listen(t.Context(), address, true); err == nil {
			l.Close()
			t.Errorf("%q is listened at", address)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "127.0.0.2:0", "localhost:0", "LOCALHOST:0", "[::1]:0"} {
		l, a, err := Listen(t.Context(), address, false)
		if err != nil {
			t.Logf("%s is not to be had here: %v", address, err)
			continue
		}
		defer l.Close()
		if a.Remote || !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
			t.Errorf("%s is %v, remote %v", address, l.Addr(), a.Remote)
		}
	}
}

// A server answers to the name that was printed and to no other; one that listens at all
// addresses also to those, which nobody's DNS can point here.
func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		a       Address
		to, not []string
	}{
		"IPv4": {Address{Host: "127.0.0.1:99", port: "99"}, []string{"127.0.0.1:99"}, []string{"", "127.0.0.1", "127.0.0.1:98", "127.0.0.1:99 ", "127.0.0.1:099", "localhost:99", "127.0.0.1.:99", "127.1:99", "[::1]:99"}},
		"IPv6": {Address{Host: "[::1]:99", port: "99"}, []string{"[::1]:99"}, []string{"::1:99", "[::1]", "[0::1]:99", "[::1]:098", "127.0.0.1:99", "[::1%25lo]:99"}},
		"name": {Address{Host: "localhost:99", port: "99"}, []string{"localhost:99"}, []string{"127.0.0.1:99", "LOCALHOST:99", "localhost.:99", "x.localhost:99", "localhost"}},
		"80":   {Address{Host: "127.0.0.1", port: "80"}, []string{"127.0.0.1"}, []string{"127.0.0.1:80", "localhost"}},
		"all": {Address{Host: "127.0.0.1:99", port: "99", any: true}, []string{"127.0.0.1:99", "192.0.2.7:99", "[2001:db8::1]:99", "localhost:99"},
			[]string{"evil.example:99", "192.0.2.7:98", "192.0.2.7", "192.0.2.7.evil.example:99", "[fe80::1%25eth0]:99", "192.0.2.7:0099"}},
		"all, 80": {Address{Host: "127.0.0.1", port: "80", any: true}, []string{"192.0.2.7", "[2001:db8::1]"}, []string{"evil.example", "2001:db8::1", "192.0.2.7:80"}},
	} {
		for _, host := range c.to {
			if !c.a.answersTo(host) {
				t.Errorf("%s: it does not answer to %q", name, host)
			}
		}
		for _, host := range c.not {
			if c.a.answersTo(host) {
				t.Errorf("%s: it answers to %q", name, host)
			}
		}
	}
}

// The address is printed as browsers write it, so that they ask for what was printed.
func TestPrintedHostIsTheBrowsers(t *testing.T) {
	for address, want := range map[string]string{"[0:0:0:0:0:0:0:1]:0": "[::1]:", "[::ffff:127.0.0.1]:0": "127.0.0.1:", "127.0.0.1:0": "127.0.0.1:", "LocalHost:0": "localhost:"} {
		l, a, err := Listen(t.Context(), address, false)
		if err != nil {
			t.Logf("%s is not to be had here: %v", address, err)
			continue
		}
		defer l.Close()
		if !strings.HasPrefix(a.Host, want) || !a.answersTo(a.Host) {
			t.Errorf("%s is printed as %s", address, a.Host)
		}
	}
	if l, _, err := Listen(t.Context(), "[::1%lo]:0", false); err == nil {
		l.Close()
		t.Error("an address is listened at that no browser opens")
	}
}
