// Package report draws a result.Result in every format that conctrace offers.
//
// The way of the data:
//
//  1. cmd picks a [Format] from [Formats], by name or by the extension of the
//     output file, and decides what depends on the environment: width, colour,
//     ASCII. [Options] carries these decisions. A writer never looks at the
//     environment itself, so equal Options give equal bytes.
//  2. The format's Write draws the [Document]: the Result, and for formats that show
//     single moments the intervals of its trace.
//
// The text format builds a page: each section (a text_*.go file) turns a part
// of the Result into lines and tables of toned spans; page.go wraps and clips
// them to the width, and palette.go paints them last of all, so that layout
// never has to count escape sequences. Strings from a trace are untrusted: they
// pass page.clean before they are laid out.
//
// The Markdown format says less of the same, with the sentences and sums of the text
// format. Its text is of type md, which strings become only by being escaped
// (markdown_escape.go), and it keeps to a size that a comment on GitHub may have.
//
// The HTML format is a package of its own, html.
//
// The answers to single questions, a result.Explanation and a result.PathReport,
// are written the same way: [ExplanationText], [PathText] and their JSON.
//
// To add a format, write one file that declares a value of type Format, and add
// it to Formats. A test fails while it is not listed.
package report
