// Command generate writes the bundle of the HTML report to the working directory:
// page.js and page.css. go generate runs it.
package main

import (
	"fmt"
	"os"

	"github.com/conctrace/conctrace/report/html/internal/bundle"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "generate the bundle of the HTML report:", err)
		os.Exit(1)
	}
}

func write() error {
	files, err := bundle.Make("ui")
	if err != nil {
		return err
	}
	if err := os.WriteFile("page.js", files.Script, 0o644); err != nil {
		return err
	}
	return os.WriteFile("page.css", files.Style, 0o644)
}
