// Package bundle makes the script and the style sheet of the HTML report from the
// TypeScript and CSS in report/html/ui. It is a generator: nothing that conctrace
// links imports it.
package bundle

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Files are what a bundle consists of.
type Files struct{ Script, Style []byte }

// Make bundles the sources in a folder. The same sources give the same bytes.
func Make(folder string) (Files, error) {
	root, err := filepath.Abs(folder)
	if err != nil {
		return Files{}, err
	}
	built := api.Build(api.BuildOptions{
		AbsWorkingDir: root,
		EntryPoints:   []string{"src/main.ts"},
		Outdir:        "out",
		EntryNames:    "page",
		Bundle:        true,
		Format:        api.FormatIIFE,
		Platform:      api.PlatformBrowser,
		// Browsers that know DecompressionStream, which the page's data needs.
		Engines:           []api.Engine{{Name: api.EngineChrome, Version: "103"}, {Name: api.EngineFirefox, Version: "113"}, {Name: api.EngineSafari, Version: "16.4"}},
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		Charset:           api.CharsetASCII,
		LegalComments:     api.LegalCommentsNone,
	})
	if len(built.Errors) > 0 {
		texts := api.FormatMessages(built.Errors, api.FormatMessagesOptions{})
		return Files{}, errors.New(strings.TrimSpace(strings.Join(texts, "\n")))
	}
	var out Files
	for _, f := range built.OutputFiles {
		switch filepath.Ext(f.Path) {
		case ".js":
			out.Script = f.Contents
		case ".css":
			out.Style = f.Contents
		}
	}
	if out.Script == nil || out.Style == nil {
		return Files{}, fmt.Errorf("bundle %s: esbuild gave no script or no style sheet", folder)
	}
	// Where the page's element would end, a string of the script must not say so.
	if strings.Contains(string(out.Script), "</script") || strings.Contains(string(out.Style), "</style") {
		return Files{}, fmt.Errorf("bundle %s: the bundle holds the end of its own element", folder)
	}
	return out, nil
}
