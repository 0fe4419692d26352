"""Response of the disease from raw measurements: lymphoma, myeloma, acute and chronic lymphoid leukaemia."""

from vein2vein.journey.response.assessed import (
    Assessment,
    Progression,
    TimePoint,
    at_time_points,
    best_confirmed,
    best_response,
    progression,
)
from vein2vein.journey.response.cll import CllFindings, cll
from vein2vein.journey.response.disease import Criteria, DiseaseResponse
from vein2vein.journey.response.leukaemia import central_nervous_system, leukaemia, leukaemia_mrd
from vein2vein.journey.response.lugano import LuganoAssessment, LuganoFiles, lugano, lugano_files
from vein2vein.journey.response.measures import Lesion, MyelomaImaging, Scan
from vein2vein.journey.response.myeloma import MyelomaLabs, myeloma, myeloma_labs, myeloma_mrd
from vein2vein.journey.response.scans import reported, scans_of

__all__ = [
    "Assessment",
    "CllFindings",
    "Criteria",
    "DiseaseResponse",
    "Lesion",
    "LuganoAssessment",
    "LuganoFiles",
    "MyelomaImaging",
    "MyelomaLabs",
    "Progression",
    "Scan",
    "TimePoint",
    "at_time_points",
    "best_confirmed",
    "best_response",
    "central_nervous_system",
    "cll",
    "leukaemia",
    "leukaemia_mrd",
    "lugano",
    "lugano_files",
    "myeloma",
    "myeloma_labs",
    "myeloma_mrd",
    "progression",
    "reported",
    "scans_of",
]
