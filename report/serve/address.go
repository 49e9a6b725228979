package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Address is where a server listens and what it is called.
type Address struct {
	// Host is the host and port as browsers are to name them, port 80 left out.
	Host string
	// Remote says that other machines may reach it.
	Remote bool
	port   string
	any    bool // it listens at every address of the machine
}

// RemoteError says that an address was asked for which other machines may reach.
type RemoteError struct{ Address string }

func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s is not an address of this machine alone (127.0.0.1, [::1], localhost): whoever is on the network could reach it, and what is in the trace would cross it unencrypted; if that is meant, add --allow-remote", e.Address)
}

// Listen opens HOST:PORT, port 0 for any that is free. What other machines could reach
// is a *RemoteError unless remote allows it.
func Listen(ctx context.Context, address string, remote bool) (net.Listener, *Address, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, fmt.Errorf("%q is no HOST:PORT, such as 127.0.0.1:0", address)
	}
	ip, err := resolve(ctx, host)
	if err != nil {
		return nil, nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	if literal, err := netip.ParseAddr(host); err == nil { // as browsers write it, whatever was typed
		if literal.Zone() != "" {
			return nil, nil, fmt.Errorf("listen on %s: browsers open no address with a zone", address)
		}
		host = ip.String()
	}
	a := &Address{Remote: !ip.IsLoopback(), any: ip.IsUnspecified()}
	if a.Remote && !remote {
		return nil, nil, &RemoteError{address}
	}
	at := ip.String()
	if host == "" {
		at = "" // both of IPv4 and IPv6
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(at, port))
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err // it names the address, too
		}
		return nil, nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	a.port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if a.any {
		host = "127.0.0.1"
	}
	a.Host = a.named(strings.ToLower(host))
	return l, a, nil
}

// resolve is the IP address that a host means, the first if there are several.
func resolve(ctx context.Context, host string) (netip.Addr, error) {
	if host == "" {
		return netip.IPv6Unspecified(), nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap(), nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, ip := range ips {
		if ip.Unmap().Is4() { // what net.Listen prefers, and every browser tries
			return ip.Unmap(), nil
		}
	}
	return ips[0], nil
}

// named is a host with the port, as browsers write it.
func (a *Address) named(host string) string {
	if a.port == "80" {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, a.port)
}

// answersTo says whether a request that names host is meant for this server. A page of
// somebody else's can reach a server by a name of its own that its DNS points here, but
// not make the browser name another host than the page's. So the name must be the one
// that was printed. Who listens at all addresses of the machine is also asked for by
// them: an IP address is no name that DNS could point anywhere.
func (a *Address) answersTo(host string) bool {
	if host == a.Host {
		return true
	}
	if !a.any {
		return false
	}
	if at, err := netip.ParseAddrPort(host); err == nil {
		return host == a.named(at.Addr().String()) && at.Addr().Zone() == ""
	}
	if at, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return host == a.named(at.String()) && at.Zone() == ""
	}
	machine, err := os.Hostname()
	return host == a.named("localhost") || err == nil && machine != "" && host == a.named(strings.ToLower(machine))
}
