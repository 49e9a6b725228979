package report

import (
	"path"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
)

// funcForms are ways to show a function, from the fullest to the shortest.
func (p *page) funcForms(name string) []string {
	if name == "" {
		return []string{"(unknown)"}
	}
	full := p.clean(names.ShortFunc(name))
	forms := []string{full}
	if _, method, ok := strings.Cut(full, ".(*"); ok {
		forms = append(forms, "(*"+method)
	}
	return forms
}

// groupName is the entry function of a group, "" where there is no such group.
func (p *page) groupName(r *result.Result, group int) string {
	if group < 0 || group >= len(r.Groups) {
		return ""
	}
	return p.funcForms(r.Groups[group].Name)[0]
}

// placeForms are ways to show where a stack waits.
func (p *page) placeForms(frames []result.Frame) []string {
	f, ok := names.Caller(frames)
	if !ok {
		return []string{"(no stack)"}
	}
	fn := p.funcForms(f.Func)
	if f.File == "" {
		return fn
	}
	file := p.clean(names.ShortFile(f.File))
	at := ":" + strconv.Itoa(f.Line)
	forms := []string{fn[0] + "  " + file + at, fn[0] + "  " + path.Base(file) + at}
	return append(forms, fn...)
}
