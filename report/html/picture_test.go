package html_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report/html"
)

var update = flag.Bool("update", false, "take the README's picture anew")

// picture is what the README shows of a report.
const picture = "../../testdata/report.webp"

// The README has a picture of the report, which is small. With -update it is taken.
func TestReadmePicture(t *testing.T) {
	if *update {
		p := open(t, write(t, serverTrace, analyze.Options{}, html.Options{}), "")
		p.do(chromedp.EmulateViewport(1100, 1500))
		p.prefers("light")
		p.settle()
		quality := int64(70)
		shot, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "webp", Quality: &quality})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(picture, shot.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	image := string(mustRead(t, picture))
	if !strings.HasPrefix(image, "RIFF") || image[8:12] != "WEBP" {
		t.Error("the picture is no WebP")
	}
	if len(image) > 150_000 {
		t.Errorf("the picture has %d bytes", len(image))
	}
	if readme := string(mustRead(t, "../../README.md")); !strings.Contains(readme, "](testdata/report.webp)") {
		t.Error("the README does not show the picture")
	}
}
