/** A finished evaluation made visible: a JSON document, and what Allure shows of a test. Renders only, decides nothing. */
@NullMarked
package dev.mettle.reports;

import org.jspecify.annotations.NullMarked;
