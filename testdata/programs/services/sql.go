package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"net"
)

const sqlUsers = 12

var sqlPoolOfTwo = service{
	Name: "sql-pool-of-two", Procs: 2,
	Doc:    "Twelve goroutines query a database 15 times each, whose server answers after 3 ms, through database/sql with SetMaxOpenConns(2): 180 queries, two at a time, 300 ms. Ten of them wait for a connection in database/sql.(*DB).conn, below (*accounts).balance, while both processors idle: the pool is too small, unless it is to protect the server.",
	Expect: []string{"pool-too-small"}, Culprit: "main.(*accounts).balance",
	Usual: map[string]int{"main.sqlUser blocked-io/network": 15 * sqlUsers},
	before: func() {
		openDB(2)
	},
	run: func() { runSQLUsers(15) },
}

var sqlPoolOfTwelve = service{
	Name: "sql-pool-of-twelve", Procs: 2, Twin: "sql-pool-of-two",
	Doc:    "The same with SetMaxOpenConns(12) and 60 queries each: nobody waits for a connection, all wait for the server at once, 240 ms. Latency-bound by the server, healthy.",
	Usual:  map[string]int{"main.sqlUser blocked-io/network": 60 * sqlUsers},
	before: func() { openDB(sqlUsers) },
	run:    func() { runSQLUsers(60) },
}

type accounts struct{ db *sql.DB }

var bank accounts

// openDB opens n connections and keeps them.
func openDB(n int) {
	addr := startBackend(1)
	bank.db = sql.OpenDB(connector{addr})
	bank.db.SetMaxOpenConns(n)
	bank.db.SetMaxIdleConns(n)
	var open []*sql.Conn
	for range n {
		open = append(open, must(bank.db.Conn(context.Background())))
	}
	for _, c := range open {
		check(c.Close())
	}
}

var queriesEach int

func runSQLUsers(n int) {
	queriesEach = n
	for range sqlUsers {
		workers.Add(1)
		go sqlUser()
	}
	workers.Wait()
}

func sqlUser() {
	defer workers.Done()
	for range queriesEach {
		bank.balance(context.Background())
		burn(0.05)
	}
}

// balance is one query with one row.
func (a *accounts) balance(ctx context.Context) int64 {
	var n int64
	check(a.db.QueryRowContext(ctx, "SELECT balance FROM accounts WHERE id = ?", 1).Scan(&n))
	return n
}

// The driver below asks a server over a socket. It knows one query.

type connector struct{ addr string }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.addr)
	return &dbConn{nc}, err
}

func (c connector) Driver() driver.Driver { return nil }

type dbConn struct{ net net.Conn }

func (c *dbConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (c *dbConn) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }
func (c *dbConn) Close() error                        { return c.net.Close() }

func (c *dbConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	buf := []byte{3} // ms
	if _, err := c.net.Write(buf); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c.net, buf); err != nil {
		return nil, err
	}
	return &dbRows{}, nil
}

type dbRows struct{ read bool }

func (r *dbRows) Columns() []string { return []string{"balance"} }
func (r *dbRows) Close() error      { return nil }

func (r *dbRows) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read = true
	dest[0] = int64(100)
	return nil
}
