package httpapi

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The PDF is plain: pages of lines in Courier, one of the fonts every reader has (ISO 32000-1, 9.6.2.2), A4 landscape.
const (
	pdfWidth, pdfHeight = 842, 595 // points
	pdfMargin           = 28
	pdfSize             = 7.0 // points, or less where a line is longer; a Courier character is 0.6 of it wide
	pdfLeading          = 9
	pdfLines            = (pdfHeight - 2*pdfMargin) / pdfLeading
)

// pdfNote prints the table of the page.
func pdfNote(n *ContractNote) []byte {
	head := noteLine(noteHead)
	lines := []string{n.Mark, "Trades of " + n.Date + ", account " + n.AccountName + ", " + n.Venue + ", plan " + n.Plan + ". Amounts in rupees, times in India.", "", head, ""}
	for _, r := range n.rows() {
		if r.kind == "contract" {
			r.label += ", net"
		}
		lines = append(lines, noteLine(r.cells()))
		if r.kind == "contract" || r.kind == "total" {
			lines = append(lines, "")
		}
	}
	for _, f := range n.facts() {
		lines = append(lines, fmt.Sprintf("%-56s%16s", f[0], f[1]))
	}
	return pdf(paged(lines, n.Mark, head))
}

// noteWidths are the characters of each column. Only a contract's name is cut: a number never.
var noteWidths = []int{25, 7, 9, 5, 8, 8, 11, 15, 10, 10, 9, 8, 8, 9, 11, 8, 13, 13}

func noteLine(cells []string) string {
	var b strings.Builder
	for i, c := range cells {
		width := noteWidths[i]
		if i > 0 {
			fmt.Fprintf(&b, " %*s", width-1, c)
			continue
		}
		if utf8.RuneCountInString(c) > width {
			c = string([]rune(c)[:width])
		}
		fmt.Fprintf(&b, "%-*s", width, c)
	}
	return b.String()
}

// paged cuts lines into pages; each after the first begins with the mark and the head of the table.
func paged(lines []string, mark, head string) [][]string {
	var pages [][]string
	for len(lines) > 0 {
		n := min(pdfLines, len(lines))
		pages = append(pages, lines[:n])
		if lines = lines[n:]; len(lines) > 0 {
			lines = append([]string{mark, "", head, ""}, lines...)
		}
	}
	return pages
}

// pdf writes a document: catalogue, page tree, font, then a page and its content each.
func pdf(pages [][]string) []byte {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"}
	var kids []string
	for _, lines := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", len(objects)+1))
		content := pdfContent(lines)
		objects = append(objects, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>",
			pdfWidth, pdfHeight, len(objects)+2), fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages))
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	at := make([]int, len(objects))
	for i, o := range objects {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

func pdfContent(lines []string) string {
	var b strings.Builder
	size := pdfSize
	for _, line := range lines {
		size = min(size, (pdfWidth-2*pdfMargin)/0.6/float64(max(1, utf8.RuneCountInString(line))))
	}
	fmt.Fprintf(&b, "BT /F1 %.2f Tf %d TL %d %d Td", size, pdfLeading, pdfMargin, pdfHeight-pdfMargin)
	for _, line := range lines {
		b.WriteString("\n(" + pdfText(line) + ") Tj T*")
	}
	return b.String() + "\nET"
}

// pdfText is a line in Latin-1 with what PDF gives a meaning escaped; other characters become a question mark.
func pdfText(line string) string {
	b := make([]byte, 0, len(line)+8)
	for _, r := range line {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '₹':
			b = append(b, "Rs "...)
		case r >= 32 && r < 127 || r >= 160 && r < 256:
			b = append(b, byte(r))
		default:
			b = append(b, '?')
		}
	}
	return string(b)
}
