package html_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

const formatSource = `
import { average, count, counted, duration, percent, shortFile, shortFunc, size } from './format';
export function all(numbers, shares, texts) {
  return JSON.stringify([
    numbers.map((n) => [duration(n), size(n), count(n), counted(n, 'wait', 'waits')]),
    shares.map(([part, whole]) => [percent(part, whole), average(part / whole)]),
    texts.map((s) => [shortFunc(s), shortFile(s)]),
  ]);
}
`

// Scripts write numbers and names as the other reports do.
func TestFormatsAgree(t *testing.T) {
	numbers := []int64{0, 1, 2, 9, 10, 99, 999, 1000, 1001, 9_994, 9_995, 9_994_999, 9_995_000, 99_950_000, 999_499_999, 999_500_000, 119_400_000_000, 119_500_000_000, 120_000_000_000, 7_200_000_000_000, 1 << 52}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		numbers = append(numbers, r.Int64N(1<<uint(1+r.IntN(52))))
	}
	var shares [][2]int64
	for range 2000 {
		whole := 1 + r.Int64N(1<<uint(1+r.IntN(40)))
		shares = append(shares, [2]int64{r.Int64N(whole + 1), whole})
	}
	shares = append(shares, [2]int64{0, 1}, [2]int64{1, 1}, [2]int64{1, 200}, [2]int64{1, 1000}, [2]int64{999, 1000}, [2]int64{995, 1000}, [2]int64{37, 1}, [2]int64{2124, 10})
	texts := []string{
		"main.main", "github.com/acme/shop/internal/db.(*Pool).worker", "example.com/orders/v2.(*Queue).pop", "gopkg.in/yaml%2ev3.Unmarshal", "main.Map[go.shape.int]",
		"example.com/a/b.Each[example.com/c/d.T,int].func1", "", "/home/u/a/b/run.go", `C:\src\b\run.go`, "run.go", "v2.x",
	}
	var asked [3]string
	for i, v := range []any{numbers, shares, texts} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		asked[i] = string(raw)
	}
	ctx := scriptTab(t, formatSource)
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf("model.all(%s, %s, %s)", asked[0], asked[1], asked[2])))
	if err != nil {
		t.Fatal(err)
	}
	var got [3][][]string
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	same := func(what string, of any, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s of %v: scripts write %q, the reports %q", what, of, got, want)
		}
	}
	for i, n := range numbers {
		same("duration", n, got[0][i][0], units.Duration(n))
		same("size", n, got[0][i][1], units.Size(n))
		same("count", n, got[0][i][2], units.Count(n))
		same("counted", n, got[0][i][3], units.Counted(n, "wait", "waits"))
	}
	for i, s := range shares {
		same("percent", s, got[1][i][0], units.Percent(s[0], s[1]))
		same("average", s, got[1][i][1], units.Average(float64(s[0])/float64(s[1])))
	}
	for i, s := range texts {
		same("function", s, got[2][i][0], names.ShortFunc(s))
		same("file", s, got[2][i][1], names.ShortFile(s))
	}
}
