/**
 * Detectors of adversarial inputs, and the model that abstains where one of them rejects: attacked as one, detector and classifier
 * together.
 */
@NullMarked
package dev.mettle.defenses.detection;

import org.jspecify.annotations.NullMarked;
